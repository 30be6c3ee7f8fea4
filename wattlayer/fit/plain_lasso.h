#pragma once
#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// How far the coordinate descent of plain_lasso goes; the defaults are those of scikit-learn.
struct LassoLimits {
  double alpha = 1;         ///< weight of the sum of |coefficient|, against half the mean squared error
  double tolerance = 1e-4;  ///< of the duality gap, as a share of the targets' sum of squares
  int64_t sweeps = 100000;
};

/// Lasso of the terms as they are, not standardised, with an intercept: the steps of scikit-learn's `Lasso` (cyclic coordinate
/// descent from 0), on the Gram matrix. Terms of very different size converge slowly, and where it stops is part of the result.
/// Throws Error(invalid_input) for no samples.
Polynomial plain_lasso(const std::vector<Powers>& terms, const Samples& samples, const LassoLimits& limits = {});

}  // namespace wattlayer
