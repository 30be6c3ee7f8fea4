#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/bench/measure.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// What was found out by measuring a few networks or layers, for all that print or show it.
struct MeasuredReport {
  std::string date;  ///< of the start
  RunnerInfo runner;
  Preparation preparation;
  std::vector<Workload> workloads;  ///< of the tasks
  std::vector<Measured> results;    ///< in the same order
  std::vector<Estimate> estimates;  ///< in the same order, where they were asked for; else none
  std::vector<std::string> remarks;
};

/// Energy of a pass beyond what the device draws at rest anyway; nothing where one of the two is unknown. May be negative.
std::optional<double> above_idle_j(const Measurement& row);

/// Mean power of a pass; nothing where energy or time is unknown.
std::optional<double> power_w(const Measurement& row);

/// Half width of the 95 % interval of time_s, from the conditions; nothing where they do not say.
std::optional<double> time_half_width(const Measurement& row);

}  // namespace wattlayer
