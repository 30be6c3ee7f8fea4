#pragma once
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// Where the random elements of a value lie; integers in [low, high).
struct ValueRange {
  double low = -1, high = 1;
};

/// Ranges for the values of a graph that no node writes, by what reads them, so that a network of random weights neither explodes
/// nor fades, indices meet their tables, divisors and variances stay away from 0 and roots and logarithms from negative numbers.
/// Weights of products are +-sqrt(3 / fan in): the output's second moment is that of the input.
std::vector<ValueRange> value_ranges(const Graph& graph);

}  // namespace wattlayer
