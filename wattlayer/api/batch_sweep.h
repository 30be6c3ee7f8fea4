#pragma once
#include <string>
#include <vector>

#include "wattlayer/api/estimating.h"

namespace wattlayer {

/// Totals of a network at a few batch sizes, for a curve of energy against batch size.
struct BatchSweep {
  std::vector<EstimateReport> points;  ///< totals, one a model and batch: batches in rising order, models in the order given
  std::string absence;                 ///< why there is no point, in words; else empty
};

/// At 1, 2, 4, ... 128; networks of many layers at three of these. Batches that the network cannot take are left out.
BatchSweep batch_sweep(const NetworkSource& source, ImportOptions options, const std::vector<const EnergyModel*>& models,
                       const DeviceSettings& settings = {});

}  // namespace wattlayer
