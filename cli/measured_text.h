#pragma once
#include <string>
#include <vector>

#include "wattlayer/bench/measure.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer::cli {

/// What `wattlayer measure` found out.
struct MeasuredReport {
  std::string date;  ///< of the start
  RunnerInfo runner;
  Preparation preparation;
  std::vector<Workload> workloads;  ///< of the tasks
  std::vector<Measured> results;    ///< in the same order
  std::vector<Estimate> estimates;  ///< in the same order, where --on asks for them; else none
  std::vector<std::string> remarks;
};

/// Energy of a pass beyond what the device draws at rest anyway; nothing where one of the two is unknown. May be negative.
std::optional<double> above_idle_j(const Measurement& row);

std::string measured_table(const MeasuredReport& report, bool colour);
/// docs/formats/measure_v1.md
std::string measured_json(const MeasuredReport& report);

}  // namespace wattlayer::cli
