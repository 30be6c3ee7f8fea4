#include "wattlayer/fit/regression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// 60 rows of a known polynomial in two features of very different size.
Samples known(double noise = 0) {
  Samples samples;
  for (int i = 0; i < 60; ++i) {
    const double x = 1 + i % 8, y = 1e9 * (1 + i / 8);
    samples.features.push_back({x, y});
    samples.targets.push_back(3 + 2 * x - 5e-9 * y + 1e-9 * x * y + noise * std::sin(7.0 * i));
  }
  return samples;
}

TEST(Monomials, CountsAndOrder) {
  EXPECT_EQ(monomials(2, 2), (std::vector<Powers>{{1, 0}, {0, 1}, {2, 0}, {1, 1}, {0, 2}}));
  EXPECT_EQ(monomials(3, 2, true).size(), 6u);    // 3 + 3 pairs
  EXPECT_EQ(monomials(13, 2, true).size(), 91u);  // 13 + 13 x 12 / 2
  EXPECT_EQ(monomials(5, 3).size(), 55u);         // (5 + 3 over 3) - 1
  EXPECT_TRUE(monomials(0, 2).empty());
}

TEST(LeastSquares, FindsKnownCoefficients) {
  const Polynomial p = fit_least_squares(monomials(2, 2, true), known());
  EXPECT_NEAR(p.intercept, 3, 1e-6);
  EXPECT_NEAR(p.coefficients[0], 2, 1e-6);
  EXPECT_NEAR(p.coefficients[1], -5e-9, 1e-15);
  EXPECT_NEAR(p.coefficients[2], 1e-9, 1e-15);
  EXPECT_NEAR(p(std::vector<double>{4, 2e9}), 3 + 8 - 10 + 8, 1e-6);
}

TEST(LeastSquares, DependentAndConstantColumnsDoNoHarm) {
  Samples samples;
  for (int i = 0; i < 20; ++i) {
    const double x = i;
    samples.features.push_back({x, 2 * x, 7});
    samples.targets.push_back(1 + 4 * x);
  }
  const Polynomial p = fit_least_squares(monomials(3, 1), samples);
  EXPECT_NEAR(p(std::vector<double>{10, 20, 7}), 41, 1e-9);
  for (double c : p.coefficients) EXPECT_LT(std::abs(c), 10);
}

TEST(LeastSquares, RefusesNoRows) {
  EXPECT_THROW(fit_least_squares(monomials(1, 1), {}), Error);
  EXPECT_THROW(solve_least_squares({}, {}), Error);
}

TEST(LeastSquares, SolvesWithoutIntercept) {
  const std::vector<std::vector<double>> rows = {{1, 1e12}, {2, 1e12}, {3, 5e12}};
  const std::vector<double> c = solve_least_squares(rows, std::vector<double>{3, 5, 11});
  EXPECT_NEAR(c[0], 2, 1e-9);
  EXPECT_NEAR(c[1], 1e-12, 1e-20);
}

TEST(LeastSquares, ADependentColumnSwaysNoOtherRow) {
  Samples without = known(1.0);
  for (auto& x : without.features) x[0] = 1e3 * std::sqrt(x[0] + 1), x[1] = 0.37 * std::cbrt(x[1] + 2);
  Samples with = without;
  for (auto& x : with.features) x.push_back(x[0] + x[1]);  // but for rounding
  const Polynomial both = fit_least_squares(monomials(3, 1), with), plain = fit_least_squares(monomials(2, 1), without);
  for (double a : {-7.3, 0.4, 19.9})
    for (double b : {-3.1, 8.7}) {
      const double expected = plain(std::vector<double>{a, b});
      EXPECT_NEAR(both(std::vector<double>{a, b, a + b}), expected, 1e-9 * std::abs(expected) + 1e-9);
    }
}

TEST(Lasso, EndsAtLeastSquaresAndStartsAtTheMean) {
  const Samples samples = known(0.1);
  const auto path = fit_lasso(monomials(2, 2, true), samples, std::vector<double>{1.0, 0.1, 1e-9});
  EXPECT_TRUE(std::all_of(path[0].coefficients.begin(), path[0].coefficients.end(), [](double c) { return c == 0; }));
  double sum = 0;
  for (double t : samples.targets) sum += t;
  EXPECT_NEAR(path[0].intercept, sum / 60, 1e-9);
  const Polynomial plain = fit_least_squares(monomials(2, 2, true), samples);
  for (const auto& x : samples.features) EXPECT_NEAR(path[2](x), plain(x), 1e-3 * std::abs(plain(x)) + 1e-3);
}

TEST(Lasso, SatisfiesItsOptimalityConditions) {
  // At the optimum each standardised column's correlation with the residual is lambda, or less where the coefficient is 0.
  const Samples samples = known(1.0);
  const auto terms = monomials(2, 3);
  const double share = 0.05;
  const Polynomial zero = fit_lasso(terms, samples, std::vector<double>{1.0})[0];
  const Polynomial p = fit_lasso(terms, samples, std::vector<double>{1.0, 0.3, share})[2];
  std::vector<double> at_zero, at_p;
  for (size_t j = 0; j < terms.size(); ++j) {
    double middle = 0, square = 0;
    for (const auto& x : samples.features) middle += term_values(terms, x)[j] / 60;
    for (const auto& x : samples.features) square += std::pow(term_values(terms, x)[j] - middle, 2) / 60;
    double c0 = 0, c1 = 0;
    for (size_t i = 0; i < 60; ++i) {
      const double z = (term_values(terms, samples.features[i])[j] - middle) / std::sqrt(square);
      c0 += z * (samples.targets[i] - zero(samples.features[i])) / 60;
      c1 += z * (samples.targets[i] - p(samples.features[i])) / 60;
    }
    at_zero.push_back(std::abs(c0));
    at_p.push_back(std::abs(c1));
  }
  const double lambda = share * *std::max_element(at_zero.begin(), at_zero.end());
  size_t kept = 0;
  for (size_t j = 0; j < terms.size(); ++j) {
    EXPECT_LE(at_p[j], lambda * 1.02) << j;
    if (p.coefficients[j] == 0) continue;
    EXPECT_NEAR(at_p[j], lambda, 0.02 * lambda) << j;
    ++kept;
  }
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, terms.size());
}

TEST(CrossValidation, EachRowIsTestedOnce) {
  const auto folds = cross_validation(23, 10);
  ASSERT_EQ(folds.size(), 10u);
  std::vector<int> tested(23, 0);
  for (const Fold& fold : folds) {
    EXPECT_EQ(fold.train.size() + fold.test.size(), 23u);
    for (size_t i : fold.test) {
      ++tested[i];
      EXPECT_EQ(std::count(fold.train.begin(), fold.train.end(), i), 0);
    }
  }
  EXPECT_EQ(std::count(tested.begin(), tested.end(), 1), 23);
  EXPECT_EQ(cross_validation(3, 10).size(), 3u);
}

}  // namespace
}  // namespace wattlayer
