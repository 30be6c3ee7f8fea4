#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/core/split.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// A measured network and what an energy model says of it that has not seen its block.
struct HeldOutEstimate {
  const Measurement* row = nullptr;
  Estimate estimate;
  size_t fit = 0;  ///< number of the fitted energy model; estimates of one number are of one model
};

/// Called before each fit with what is left out; false ends the work.
using HeldOutProgress = std::function<bool(const std::string& target, const std::string& unit)>;

/// Fits an energy model for each hardware, engine, scope and data type of the rows on each part of each split that tests networks
/// and leaves no device out, and estimates the networks left out. Parts that cannot be fitted are passed over.
std::vector<HeldOutEstimate> held_out_estimates(std::span<const Measurement> rows, std::span<const Split> splits,
                                                const Catalogue& catalogue, const HeldOutProgress& progress = {});

}  // namespace wattlayer
