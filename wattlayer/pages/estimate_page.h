#pragma once
#include <span>
#include <string>

#include "wattlayer/core/operating_point.h"
#include "wattlayer/pages/page.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// An energy model that estimates rest on, and how its device was said to run. The model outlives it.
struct PagedModel {
  const EnergyModel* model = nullptr;
  OperatingPoint point = {};
};

/// Estimates as one HTML page: energy by operator and layer, every layer with its interval and label, time and energy rooflines,
/// energy against batch size, what the figures rest on. `models` are found by Estimate::energy_model; an estimate whose model is
/// not among them has no rooflines and no card. `sweep`: totals of the same networks at further batches.
std::string estimate_page(const Report& report, std::span<const PagedModel> models, std::span<const EstimateReport> sweep = {},
                          const PageOrigin& origin = {});

}  // namespace wattlayer
