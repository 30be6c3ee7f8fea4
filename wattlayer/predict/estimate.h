#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_type.h"
#include "wattlayer/core/workload.h"

namespace wattlayer {

/// Where a number comes from (docs/architecture.md, section 5).
enum class Label { predicted, extrapolated, bounded, modelled };
std::string_view name(Label label);

/// A value with its 90 % prediction interval.
struct Interval {
  double value = 0, low = 0, high = 0;
};

/// One item of the workload, its count included.
struct LayerEstimate {
  size_t item = 0;    ///< index into Workload::items
  Interval energy_j;  ///< joules of all `count` executions in one pass of the batch
  Interval time_s;
  double macs = 0;  ///< of all `count` executions
  Label label = Label::predicted;
};

/// Layers that no predictor covers; their energy in the total is the roofline bound.
struct Unpriced {
  std::string op;
  double count = 0;
  std::optional<double> bound_j;  ///< joules by its bytes and operations; nothing when its shapes are unknown
  std::string reason;
};

/// What one pass of a workload costs, and how well that is known.
struct Estimate {
  std::string network, hardware, engine, scope, energy_model;
  DataType dtype = DataType::f32;
  int64_t batch = 1;
  bool idle_included = true;
  Interval energy_j, time_s, power_w;  ///< one pass of the whole batch
  double coverage = 0;                 ///< share of energy_j from layers inside the fitted range
  double macs = 0, parameters = 0;
  std::optional<double> stated_power_w;  ///< energy is modelled as this times time: none was measured
  std::string interval_note;             ///< `few blocks`, `uncalibrated`, or empty
  std::vector<LayerEstimate> layers;     ///< in workload order
  std::vector<Unpriced> unpriced;
};

}  // namespace wattlayer
