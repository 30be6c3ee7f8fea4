#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"
#include "wattlayer/core/split.h"

namespace wattlayer {

/// Training and test rows of one part of a split, as positions in the rows that were divided.
struct SplitPart {
  std::string unit;                 ///< what is left out; `all` where the split has one part
  std::vector<size_t> train, test;  ///< without a common row
  std::string pooled = "all";       ///< unit under which the test rows of several parts count together
};

/// Divides rows. Rows with a failure or without energy take no part; parts without test rows are left out, as are those without
/// training rows. Blocks are divided into folds, and calibration rows drawn, in the order of a fixed seed.
std::vector<SplitPart> divide(std::span<const Measurement> rows, const Split& split);

/// 0 to n-1 in the order of `pandas.DataFrame.sample(frac=1, random_state=seed)`, so that splits of papers can be repeated.
std::vector<size_t> drawn_order(size_t n, uint32_t seed);

/// What a row is scored under besides `all`: the operator of a single layer, else `network`.
std::string operator_of(const Measurement& measurement);

/// It has a measured energy and no failure.
bool scorable(const Measurement& measurement);

}  // namespace wattlayer
