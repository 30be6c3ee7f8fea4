#pragma once
#include <vector>

#include "wattlayer/bench/value_ranges.h"

namespace wattlayer {

/// Estimates the mean square of every value of a graph from the ranges of what is fed, operator by operator, as if elements were
/// independent; of values that no rule covers, that of the first input. Good to an order of magnitude.
std::vector<double> second_moments(const Graph& graph, const std::vector<ValueRange>& ranges);

/// Gives batch normalizations the statistics of what they read, as training would: mean and variance in proportion to the second
/// moment of their input. Without that, sums of many branches grow from layer to layer beyond what 16-bit types hold. The
/// variance is taken up to twice as large: errors of the estimate multiply from layer to layer, and what fades is held by the
/// shift.
void fit_statistics(const Graph& graph, std::vector<ValueRange>& ranges);

}  // namespace wattlayer
