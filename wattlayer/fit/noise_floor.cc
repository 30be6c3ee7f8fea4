#include "wattlayer/fit/noise_floor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "wattlayer/core/layer_hash.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

constexpr size_t fewest_workloads = 5;

double relative_error(double predicted, double truth) { return 100 * std::abs(predicted / truth - 1); }

/// The value v with the least sum of |v / e - 1|: the median of the energies weighed by 1 / e.
double least_mean_error(std::vector<double> energies) {
  std::sort(energies.begin(), energies.end());
  double all = 0, below = 0;
  for (double e : energies) all += 1 / e;
  for (double e : energies)
    if ((below += 1 / e) >= all / 2) return e;
  return energies.back();
}

double geometric_mean(const std::vector<double>& energies) {
  double logarithms = 0;
  for (double e : energies) logarithms += std::log(e);
  return std::exp(logarithms / static_cast<double>(energies.size()));
}

}  // namespace

std::string identity(const Measurement& m, std::span<const std::string> labels) {
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}", m.hardware, m.engine, m.scope, name(m.dtype), m.workload.is_network, m.workload.batch);
  for (const auto& [condition, value] : m.conditions)
    if (std::find(labels.begin(), labels.end(), condition) == labels.end()) text += fmt::format("|{}={}", condition, value);
  for (const WorkloadItem& item : m.workload.items) text += fmt::format("|{:x}*{}", hash(item.layer), item.count);
  return text;
}

std::optional<NoiseFloor> noise_floor(std::span<const Repeat> rows) {
  std::map<std::string_view, std::vector<double>> workloads;
  for (const Repeat& row : rows) workloads[*row.identity].push_back(row.energy_j);
  NoiseFloor floor;
  std::vector<double> least, middle;
  for (const auto& [identity, energies] : workloads) {
    if (energies.size() < 2) continue;
    ++floor.workloads;
    const double best = least_mean_error(energies), centre = geometric_mean(energies);
    for (double e : energies) least.push_back(relative_error(best, e)), middle.push_back(relative_error(centre, e));
  }
  if (floor.workloads < fewest_workloads) return std::nullopt;
  floor.n = least.size();
  floor.mape = mean(least);
  floor.medape = median(middle);
  floor.p90 = quantile(middle, 0.9);
  return floor;
}

}  // namespace wattlayer
