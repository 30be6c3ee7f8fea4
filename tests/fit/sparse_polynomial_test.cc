#include "wattlayer/fit/sparse_polynomial.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

Samples law(double (*of)(double, double)) {
  Samples samples;
  for (int i = 0; i < 80; ++i) {
    const double a = 1 + i % 9, b = 1 + i * 7 % 11;
    samples.features.push_back({a, b});
    samples.targets.push_back(of(a, b) + 0.5 * std::sin(i * i));  // what no polynomial explains
  }
  return samples;
}

TEST(SparsePolynomial, TakesTheDegreeWithTheLeastError) {
  const SparsePolynomial line = fit_sparse_polynomial(law([](double a, double b) { return 3 * a + 2 * b; }), 2);
  EXPECT_LT(line.degrees[0].cv_rmse, 1.05 * line.degrees[1].cv_rmse);
  const SparsePolynomial cubic = fit_sparse_polynomial(law([](double a, double b) { return a * a * b; }), 2, 4);
  ASSERT_EQ(cubic.degrees.size(), 4u);
  EXPECT_GE(cubic.degree, 3);
  for (const DegreeScore& s : cubic.degrees)
    EXPECT_GE(s.cv_rmse, cubic.degrees[static_cast<size_t>(cubic.degree) - 1].cv_rmse) << s.degree;
  EXPECT_EQ(cubic.degrees[2].terms, 9u);
  EXPECT_LE(cubic.degrees[2].kept, 9u);
  EXPECT_LT(cubic.degrees[2].cv_rmse, 0.5);
  EXPECT_GT(cubic.degrees[1].cv_rmse, 2);
  EXPECT_LT(cubic.degrees[2].cv_rmspe, cubic.degrees[0].cv_rmspe);
  EXPECT_NEAR(cubic.law(std::vector<double>{3, 4}), 36, 0.5);
}

TEST(SparsePolynomial, SpecialTermsStandAlone) {
  Samples samples = law([](double a, double b) { return 2 * a * a * b * b * b; });
  for (auto& x : samples.features) x.push_back(x[0] * x[0] * x[1] * x[1] * x[1]);
  const SparsePolynomial with = fit_sparse_polynomial(samples, 2);
  EXPECT_EQ(with.degree, 1);
  EXPECT_EQ(with.degrees[0].terms, 3u);
  EXPECT_NEAR(with.law(std::vector<double>{2, 3, 108}), 216, 2);
}

TEST(SparsePolynomial, NeedsRows) { EXPECT_THROW(fit_sparse_polynomial({}, 1), Error); }

}  // namespace
}  // namespace wattlayer
