#pragma once
#include <span>
#include <string>

#include "wattlayer/bench/measured_report.h"
#include "wattlayer/pages/estimate_page.h"

namespace wattlayer {

/// Measurements as one HTML page: energy and time with their spread, window by window, beside what an energy model says where
/// estimates were asked for; networks among these with all that a page of estimates shows.
std::string measured_page(const MeasuredReport& report, std::span<const PagedModel> models = {}, const PageOrigin& origin = {});

}  // namespace wattlayer
