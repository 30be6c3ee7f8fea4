#include "wattlayer/training/stability.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

constexpr double evidence = 8;         // of a change: twice the log likelihood ratio that it must exceed
constexpr size_t shortest = 2;         // stretch of one level
constexpr double finest = 0.005;       // deviation: energy counters tell no less
constexpr double deviations_kept = 3;  // of an outlier
constexpr double deviation_of_mad = 1.4826, difference_of_deviation = 0.954;

std::vector<double> without_outliers(std::span<const double> values) {
  std::vector<double> logs, distances;
  for (const double value : values) logs.push_back(std::log(value));
  const double middle = median(logs);
  for (const double y : logs) distances.push_back(std::abs(y - middle));
  const double reach = deviations_kept * std::max(deviation_of_mad * median(distances), finest);
  for (double& y : logs) y = std::clamp(y, middle - reach, middle + reach);
  return logs;
}

struct Change {
  size_t at = 0;
  double evidence = 0;
};

Change strongest_change(std::span<const double> y) {
  std::vector<double> steps;
  for (size_t i = 1; i < y.size(); ++i) steps.push_back(std::abs(y[i] - y[i - 1]));
  const double noise = std::max(median(steps) / difference_of_deviation, finest);
  Change best;
  for (size_t cut = shortest; cut + shortest <= y.size(); ++cut) {
    const double gap = mean(y.first(cut)) - mean(y.subspan(cut));
    const double weight = static_cast<double>(cut) * static_cast<double>(y.size() - cut) / static_cast<double>(y.size());
    if (const double found = gap * gap * weight / (noise * noise); found > best.evidence) best = {cut, found};
  }
  return best;
}

}  // namespace

size_t stable_since(std::span<const double> values) {
  if (values.size() < 2 * shortest) return 0;
  const std::vector<double> logs = without_outliers(values);
  std::span<const double> rest = logs;
  while (rest.size() >= 2 * shortest) {
    const Change change = strongest_change(rest);
    if (change.evidence < evidence) break;
    rest = rest.subspan(change.at);
  }
  return logs.size() - rest.size();
}

}  // namespace wattlayer
