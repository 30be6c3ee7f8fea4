#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"

namespace wattlayer {

/// What the measurements of a data set leave to be missed: rows of one workload under the same conditions that differ. In per
/// cent of the measurement, over the rows that have such a repeat.
struct NoiseFloor {
  size_t n = 0, workloads = 0;  ///< rows that were measured more than once, and what they measure
  double mape = 0;              ///< least mean error that one prediction for each workload can have on these very rows
  double medape = 0, p90 = 0;   ///< of an oracle that answers the geometric mean of each workload's rows
};

/// Equal for rows that no method can tell apart: hardware, engine, scope, data type, layers with counts, conditions but those
/// named: they label setups and say nothing of how the workload runs.
std::string identity(const Measurement& measurement, std::span<const std::string> labels = {});

/// An energy and the identity of its row.
struct Repeat {
  const std::string* identity;
  double energy_j;
};

/// Nothing where fewer than 5 workloads were measured more than once.
std::optional<NoiseFloor> noise_floor(std::span<const Repeat> rows);

}  // namespace wattlayer
