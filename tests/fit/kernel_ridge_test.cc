#include "wattlayer/fit/kernel_ridge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(KernelRidge, TwoRowsByHand) {
  // k = exp(-0.5 x 4) between the rows; (1 + a) c1 + k c2 = 3, k c1 + (1 + a) c2 = 5.
  const double a = 0.25, k = std::exp(-2.0), det = (1 + a) * (1 + a) - k * k;
  const double c1 = ((1 + a) * 3 - k * 5) / det, c2 = ((1 + a) * 5 - k * 3) / det;
  const std::vector<double> targets = {3, 5};
  const KernelRidge ridge({{0}, {2}}, targets, {.alpha = a, .gamma = 0.5});
  EXPECT_NEAR(ridge(std::vector<double>{1}), (c1 + c2) * std::exp(-0.5), 1e-12);
  EXPECT_NEAR(ridge(std::vector<double>{0}), c1 + c2 * k, 1e-12);
  EXPECT_NEAR(ridge(std::vector<double>{100}), 0, 1e-12);  // no intercept
}

TEST(KernelRidge, RefusesWhatCannotBeFitted) {
  EXPECT_THROW(KernelRidge({}, {}, {}), Error);
  const std::vector<double> targets = {1, 2};
  EXPECT_THROW(KernelRidge({{1, 2}, {1}}, targets, {}), Error);
  EXPECT_THROW(KernelRidge({{1}, {1}}, targets, {.alpha = -1, .gamma = 1}), Error);
}

}  // namespace
}  // namespace wattlayer
