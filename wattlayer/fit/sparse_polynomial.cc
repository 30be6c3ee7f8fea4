#include "wattlayer/fit/sparse_polynomial.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::vector<Powers> terms_of_degree(size_t configured, int degree, size_t specials) {
  std::vector<Powers> terms = monomials(configured, degree);
  for (Powers& t : terms) t.resize(configured + specials, 0);
  for (size_t i = 0; i < specials; ++i) {
    terms.emplace_back(configured + specials, 0);
    terms.back()[configured + i] = 1;
  }
  return terms;
}

std::vector<double> penalties() {
  std::vector<double> falling;
  for (int i = 0; i <= 20; ++i) falling.push_back(std::pow(10.0, -0.25 * i));
  return falling;
}

/// Squared errors of the rows left out, absolute and relative, for each penalty.
struct LeftOut {
  std::vector<double> squares, relative;
};

LeftOut cross_validate(const std::vector<Powers>& terms, const Samples& samples, const std::vector<Fold>& folds,
                       const std::vector<double>& lambdas) {
  LeftOut errors{std::vector<double>(lambdas.size(), 0), std::vector<double>(lambdas.size(), 0)};
  for (const Fold& fold : folds) {
    if (fold.train.empty()) continue;
    const auto laws = fit_lasso(terms, samples.only(fold.train), lambdas);
    for (size_t l = 0; l < laws.size(); ++l)
      for (size_t i : fold.test) {
        const double off = laws[l](samples.features[i]) - samples.targets[i];
        errors.squares[l] += off * off;
        errors.relative[l] += std::pow(off / samples.targets[i], 2);
      }
  }
  return errors;
}

}  // namespace

SparsePolynomial fit_sparse_polynomial(const Samples& samples, size_t configured, int highest) {
  if (samples.size() == 0) throw Error(ErrorKind::invalid_input, "there are no rows to fit; expected at least one");
  const std::vector<double> lambdas = penalties();
  const std::vector<Fold> folds = cross_validation(samples.size(), 10);
  const double n = static_cast<double>(samples.size());
  SparsePolynomial result;
  std::optional<double> least;
  for (int degree = 1; degree <= highest; ++degree) {
    const auto terms = terms_of_degree(configured, degree, samples.features[0].size() - configured);
    const LeftOut errors = cross_validate(terms, samples, folds, lambdas);
    const auto best =
        static_cast<size_t>(std::min_element(errors.squares.begin(), errors.squares.end()) - errors.squares.begin());
    Polynomial law = fit_lasso(terms, samples, std::span(lambdas).first(best + 1)).back();
    const auto kept = std::count_if(law.coefficients.begin(), law.coefficients.end(), [](double c) { return c != 0; });
    result.degrees.push_back({.degree = degree,
                              .terms = terms.size(),
                              .kept = static_cast<size_t>(kept),
                              .cv_rmse = std::sqrt(errors.squares[best] / n),
                              .cv_rmspe = 100 * std::sqrt(errors.relative[best] / n),
                              .penalty = lambdas[best]});
    if (least && errors.squares[best] >= *least) continue;
    least = errors.squares[best];
    result.law = std::move(law);
    result.degree = degree;
  }
  return result;
}

}  // namespace wattlayer
