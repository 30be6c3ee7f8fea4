#include "wattlayer/fit/repeats.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

/// What a row says of its run apart from the figures that were measured.
std::string circumstances(const Measurement& m) {
  std::string text = m.hardware + '\n' + m.engine + '\n' + m.workload.name + '\n' + std::to_string(m.workload.batch);
  for (const auto& [name, value] : m.conditions)
    if (name != "duration_s") text += '\n' + name + '=' + value;
  return text;
}

bool same_layer(const Layer& a, const Layer& b) {
  const auto same = [](const std::vector<Tensor>& x, const std::vector<Tensor>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const Tensor& s, const Tensor& t) { return s.present == t.present && s.shape == t.shape; });
  };
  return a.op == b.op && a.dtype == b.dtype && same(a.inputs, b.inputs) && same(a.outputs, b.outputs) &&
         a.attributes == b.attributes;
}

bool same_workload(const Workload& a, const Workload& b) {
  return std::equal(
      a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
      [](const WorkloadItem& x, const WorkloadItem& y) { return x.count == y.count && same_layer(x.layer, y.layer); });
}

std::optional<double> geometric_mean(const std::vector<const Measurement*>& rows, std::optional<double> Measurement::*figure) {
  double sum = 0;
  for (const Measurement* m : rows) {
    if (!(m->*figure) || !(*(m->*figure) > 0)) return std::nullopt;
    sum += std::log(*(m->*figure));
  }
  return std::exp(sum / static_cast<double>(rows.size()));
}

}  // namespace

AveragedRepeats::AveragedRepeats(TrainingRows rows) {
  std::map<std::string, std::vector<std::vector<const Measurement*>>> configurations;
  for (const Measurement* m : rows) {
    if (m->kind != "training-step" || !usable(*m) || !has_measured_energy(*m)) {
      rows_.push_back(m);
      continue;
    }
    auto& alike = configurations[circumstances(*m)];
    const auto own = std::find_if(alike.begin(), alike.end(),
                                  [&](const auto& repeats) { return same_workload(repeats[0]->workload, m->workload); });
    if (own == alike.end()) alike.push_back({m});
    else own->push_back(m);
  }
  for (const auto& [text, alike] : configurations)
    for (const auto& repeats : alike) {
      if (repeats.size() == 1) {
        rows_.push_back(repeats[0]);
        continue;
      }
      Measurement& mean = means_.emplace_back(*repeats[0]);
      mean.energy_j = geometric_mean(repeats, &Measurement::energy_j);
      mean.time_s = geometric_mean(repeats, &Measurement::time_s);
      rows_.push_back(&mean);
    }
}

}  // namespace wattlayer
