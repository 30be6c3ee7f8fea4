#pragma once
#include "wattlayer/report/comparison.h"

namespace wattlayer {

/// Fills Comparison::pairs, rows being sorted, and says what no pair was ever measured for.
void add_pairs(Comparison& comparison, const PairedErrors& errors);

}  // namespace wattlayer
