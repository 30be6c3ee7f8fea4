#include "wattlayer/fit/plain_lasso.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// Two centred columns at right angles, squares 4 and 16, so each coefficient is soft(x y, n alpha) / square.
Samples crossed() {
  return {.features = {{1, 2}, {1, -2}, {-1, 2}, {-1, -2}}, .targets = {10 + 3 + 4, 10 + 3 - 4, 10 - 3 + 4, 10 - 3 - 4}};
}

TEST(PlainLasso, ShrinksEachColumnByThePenalty) {
  const Polynomial law = plain_lasso(monomials(2, 1), crossed(), {.alpha = 1});
  EXPECT_NEAR(law.coefficients[0], (4 * 3.0 - 4) / 4, 1e-12);
  EXPECT_NEAR(law.coefficients[1], (16 * 2.0 - 4) / 16, 1e-12);
  EXPECT_NEAR(law.intercept, 10, 1e-12);
}

TEST(PlainLasso, DropsAColumnThatExplainsLessThanThePenalty) {
  const Polynomial law = plain_lasso(monomials(2, 1), crossed(), {.alpha = 3.5});
  EXPECT_EQ(law.coefficients[0], 0);
  EXPECT_NEAR(law.coefficients[1], (32 - 14) / 16.0, 1e-12);
}

TEST(PlainLasso, ColumnsKeepTheirSize) {
  Samples samples = crossed();
  for (auto& row : samples.features) row[0] *= 1000;
  EXPECT_NEAR(plain_lasso(monomials(2, 1), samples).coefficients[0], (4000 * 3.0 - 4) / 4e6, 1e-12);
}

TEST(PlainLasso, StopsAfterSoManySweeps) {
  Samples samples;
  for (int i = 0; i < 20; ++i) samples.features.push_back({i + 0.0, i + 0.01 * (i % 3)}), samples.targets.push_back(i % 3);
  const auto after = [&](int64_t sweeps) {
    return plain_lasso(monomials(2, 1), samples, {.alpha = 1e-9, .tolerance = 1e-12, .sweeps = sweeps}).coefficients[1];
  };
  EXPECT_NE(after(1), after(2));
  EXPECT_LT(std::abs(after(2)), 0.9 * after(1000000));
}

TEST(PlainLasso, ConstantColumnAndNoRows) {
  const Polynomial law = plain_lasso(monomials(1, 1), {.features = {{5}, {5}, {5}}, .targets = {1, 2, 3}});
  EXPECT_EQ(law.coefficients[0], 0);
  EXPECT_DOUBLE_EQ(law.intercept, 2);
  EXPECT_THROW(plain_lasso(monomials(1, 1), {}), Error);
}

}  // namespace
}  // namespace wattlayer
