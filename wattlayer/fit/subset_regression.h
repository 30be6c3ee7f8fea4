#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// Least squares with an intercept on every subset of some features, from sums of products that are taken once. Adding a feature
/// is one sweep of the matrix of those sums (Goodnight 1979), so a subset costs about features^2 operations whatever the rows.
class SubsetRegression {
 public:
  /// Sees a subset (bit i: feature i takes part) and its R2 on the test rows; false: stop.
  using Visitor = std::function<bool(uint32_t subset, double r2)>;

  /// Throws Error(invalid_input) for no training rows, fewer than two different test targets, or more than 24 features.
  SubsetRegression(const Samples& train, const Samples& test);

  size_t features() const { return features_; }

  /// All subsets of at least one feature, each once and each from the sums themselves with as many sweeps as it has features, so
  /// rounding does not add up. False when the visitor stopped it.
  bool visit(const Visitor& visitor) const;

 private:
  using Matrix = std::vector<double>;
  bool visit(size_t feature, uint32_t subset, uint32_t swept, const Matrix& matrix, std::vector<Matrix>& deeper,
             const Visitor& visitor) const;
  double test_r2(uint32_t swept, const Matrix& matrix) const;

  size_t features_ = 0;
  Matrix train_, test_;    ///< products of standardised features and target, the target last
  double test_total_ = 0;  ///< sum of squares of the test targets about their mean
};

}  // namespace wattlayer
