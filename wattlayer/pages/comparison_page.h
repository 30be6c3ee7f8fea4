#pragma once
#include <span>
#include <string>

#include "wattlayer/pages/estimate_page.h"
#include "wattlayer/report/comparison.h"

namespace wattlayer {

/// A comparison as one HTML page: who takes the least and whether the difference is larger than the uncertainty, accuracy against
/// energy, every pair, and each estimate with all that a page of estimates shows. `models` and `sweep` as for estimate_page.
std::string comparison_page(const Comparison& comparison, std::span<const PagedModel> models,
                            std::span<const EstimateReport> sweep = {}, const PageOrigin& origin = {});

}  // namespace wattlayer
