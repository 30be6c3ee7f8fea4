#pragma once
#include <span>
#include <string>

#include "wattlayer/report/format.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// Lines of what follows from each estimate and stated factors, and the factors; empty where nothing was asked for.
std::string derived_text(std::span<const EstimateReport* const> estimates, const Rendering& rendering);

/// `co2e_per_inference_g`: a figure as a column of CSV.
std::string column_of(const DerivedFigure& figure);

}  // namespace wattlayer
