#include "wattlayer/bench/measured_report.h"

#include <string>

namespace wattlayer {

std::optional<double> above_idle_j(const Measurement& row) {
  if (!row.energy_j || !row.idle_power_w || !row.time_s) return std::nullopt;
  return *row.energy_j - *row.idle_power_w * *row.time_s;
}

std::optional<double> power_w(const Measurement& row) {
  if (!row.energy_j || !row.time_s) return std::nullopt;
  return *row.energy_j / *row.time_s;
}

std::optional<double> time_half_width(const Measurement& row) {
  const auto found = row.conditions.find("time_ci95_s");
  if (found == row.conditions.end()) return std::nullopt;
  return std::stod(found->second);
}

}  // namespace wattlayer
