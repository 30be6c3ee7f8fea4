#pragma once
#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// What cross-validation says of one degree, at the penalty that is best for it.
struct DegreeScore {
  int degree = 1;
  size_t terms = 0;     ///< products, special terms included
  size_t kept = 0;      ///< of those, with a coefficient other than 0 when fitted on all rows
  double cv_rmse = 0;   ///< root of the mean squared error of rows left out, in units of the target
  double cv_rmspe = 0;  ///< the same of relative errors, in per cent
  double penalty = 0;   ///< share of the least penalty that makes every coefficient 0
};

/// A lasso of the degree and the penalty that cross-validation chose (Cai et al. 2017: NeuralPower).
struct SparsePolynomial {
  Polynomial law;                    ///< fitted on all rows
  std::vector<DegreeScore> degrees;  ///< in rising order
  int degree = 1;                    ///< chosen: least cv_rmse
};

/// Products of the first `configured` features up to a degree of 1 to `highest`, and each further feature as a term of its own;
/// penalty and degree by 10-fold cross-validation. Throws Error(invalid_input) for no samples.
SparsePolynomial fit_sparse_polynomial(const Samples& samples, size_t configured, int highest = 3);

}  // namespace wattlayer
