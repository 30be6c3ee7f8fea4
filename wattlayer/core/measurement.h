#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "wattlayer/core/data_type.h"
#include "wattlayer/core/workload.h"

namespace wattlayer {

/// What a row can be; a real configuration is a layer with the shapes that a real network has, measured by itself at a batch of
/// its own. Workloads of training hold backward pass and optimiser: one step, an epoch of steps and validation, or a whole run.
inline constexpr std::string_view measurement_kinds[] = {"random-layer",  "real-layer",     "network",     "real-configuration",
                                                         "training-step", "training-epoch", "training-run"};

/// Energy and time of one pass of a Workload on a Hardware under an Engine, with spread, meter, scope and conditions.
struct Measurement {
  Workload workload;
  std::string hardware;  ///< id, file name in hardware/
  std::string engine;    ///< id, file name in engines/
  DataType dtype = DataType::f32;
  std::optional<double> energy_j;       ///< of one pass of the whole batch
  std::optional<double> energy_sd_j;    ///< between repetitions
  std::optional<double> energy_ci95_j;  ///< half width of the 95 % confidence interval of energy_j
  std::optional<double> time_s;
  std::optional<double> idle_power_w;
  int64_t repetitions = 1;  ///< passes metered
  int64_t windows = 0;      ///< stretches of passes metered separately; 0: not stated
  std::string scope;        ///< gpu-board, cpu-package, core-rail, board, wall
  bool idle_included = true;
  std::string meter;                              ///< rapl, nvml, ina3221, ...
  std::string method = "counter";                 ///< counter, integrated or modelled
  std::string dataset;                            ///< data set it came from
  std::string row;                                ///< identifies the row within its data set; unique with dataset and kind
  std::string kind;                               ///< one of measurement_kinds
  std::string block;                              ///< what a blocked split leaves out together (set, family, configuration)
  std::string parent;                             ///< for a real layer: `row` of the network it belongs to; else empty
  std::map<std::string, std::string> conditions;  ///< clock, power limit, driver, ...
  std::string failure;                            ///< why there is no figure; empty when there is one
};

}  // namespace wattlayer
