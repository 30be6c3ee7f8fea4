#include "wattlayer/fit/rows.h"

#include <algorithm>

namespace wattlayer {
namespace {

/// Every so many-th row, so that `most` are left.
void add_evenly(const std::vector<const Measurement*>& rows, size_t most, std::vector<const Measurement*>& kept) {
  if (rows.empty()) return;
  const double step = std::max(1.0, static_cast<double>(rows.size()) / static_cast<double>(std::max<size_t>(most, 1)));
  for (double i = 0; static_cast<size_t>(i) < rows.size(); i += step) kept.push_back(rows[static_cast<size_t>(i)]);
}

}  // namespace

bool has_measured_energy(const Measurement& m) { return m.energy_j && *m.energy_j > 0 && m.method != "modelled"; }

bool usable(const Measurement& m) {
  auto known = [](const WorkloadItem& item) {
    auto good = [](const Tensor& t) { return !t.present || t.known; };
    const Layer& l = item.layer;
    return std::all_of(l.inputs.begin(), l.inputs.end(), good) && std::all_of(l.outputs.begin(), l.outputs.end(), good);
  };
  return m.failure.empty() && (has_measured_energy(m) || (m.time_s && *m.time_s > 0)) && !m.workload.items.empty() &&
         std::all_of(m.workload.items.begin(), m.workload.items.end(), known);
}

std::vector<const Measurement*> thinned(TrainingRows rows, size_t most) {
  std::vector<const Measurement*> networks, layers, kept;
  for (const Measurement* m : rows) (m->workload.is_network ? networks : layers).push_back(m);
  const size_t for_networks = std::max(std::min(networks.size(), most / 4), most - std::min(most, layers.size()));
  add_evenly(networks, for_networks, kept);
  add_evenly(layers, most - std::min(most, std::min(networks.size(), for_networks)), kept);
  return kept;
}

}  // namespace wattlayer
