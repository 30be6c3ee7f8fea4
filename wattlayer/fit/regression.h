#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace wattlayer {

/// Power of each feature in a product.
using Powers = std::vector<uint8_t>;

/// A polynomial in named features: intercept + sum of coefficient x product of powers. The one form of all published methods.
struct Polynomial {
  std::vector<Powers> terms;
  std::vector<double> coefficients;
  double intercept = 0;

  double operator()(std::span<const double> features) const;
};

/// Products of the features with total degree 1 to `degree`; interaction_only: no feature twice.
std::vector<Powers> monomials(size_t features, int degree, bool interaction_only = false);

/// Rows to fit: features of each row (all of one length) and what is to be met.
struct Samples {
  std::vector<std::vector<double>> features;
  std::vector<double> targets;

  size_t size() const { return targets.size(); }
  Samples only(std::span<const size_t> rows) const;
};

/// Value of each term for one row.
std::vector<double> term_values(const std::vector<Powers>& terms, std::span<const double> features);

/// Least squares with an intercept: columns standardised, QR with column pivoting, so dependent columns do no harm.
/// Throws Error(invalid_input) for no samples.
Polynomial fit_least_squares(const std::vector<Powers>& terms, const Samples& samples);

/// Coefficients of columns that are already there, without an intercept; as above otherwise (columns scaled, not centred).
std::vector<double> solve_least_squares(const std::vector<std::vector<double>>& rows, std::span<const double> targets);

/// Least squares plus lambda x sum of |coefficient| of standardised columns, by coordinate descent; one polynomial for each
/// lambda, which are shares (0 to 1) of the least lambda that makes every coefficient 0, given in falling order.
std::vector<Polynomial> fit_lasso(const std::vector<Powers>& terms, const Samples& samples, std::span<const double> lambdas);

/// Rows of fold `fold` of `folds` and the others; the same for the same number of rows. Folds are drawn by a fixed shuffle.
struct Fold {
  std::vector<size_t> train, test;
};
std::vector<Fold> cross_validation(size_t rows, size_t folds);

}  // namespace wattlayer
