#pragma once
#include <optional>

#include "wattlayer/api/network_source.h"
#include "wattlayer/core/operating_point.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// What a user sets on the device.
struct DeviceSettings {
  std::optional<double> clock_mhz;      ///< of the compute units; that of the measurements without it
  std::optional<double> power_limit_w;  ///< of the board; its habit without it
};

/// Throws Error(invalid_input) for a power limit that the device's static power alone passes.
OperatingPoint operating_point_of(const EnergyModel& model, const DeviceSettings& settings);

/// What the energy model prices: the network as its engine executes it, in its data type.
Workload workload_on(const EnergyModel& model, const NetworkSource& source, const Graph& graph);

/// The estimate of a network in rows; the graph is `source`'s, so that batches are read once for all energy models.
EstimateReport estimate(const NetworkSource& source, const Graph& graph, const EnergyModel& model,
                        const DeviceSettings& settings = {});

/// Of a graph that came from elsewhere.
EstimateReport estimate(const Graph& graph, const EnergyModel& model, const DeviceSettings& settings = {});

}  // namespace wattlayer
