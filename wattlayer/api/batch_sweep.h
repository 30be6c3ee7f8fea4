#pragma once
#include <vector>

#include "wattlayer/api/estimating.h"

namespace wattlayer {

/// Totals at a few batch sizes, for curves of energy against batch size: 1, 2, 4, ... 128; networks of many layers at three of
/// these. Batches that a network cannot take are left out, and lists of layers: their shapes are fixed.
std::vector<EstimateReport> batch_sweep(const std::vector<NetworkSource>& sources, ImportOptions options,
                                        const std::vector<EnergyModel>& models, const DeviceSettings& settings = {});

}  // namespace wattlayer
