#include "wattlayer/predict/confidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

const Interval ninety{1, 0.5, 2};

TEST(Confidence, TheCalibratedLevelStaysAsItIs) {
  EXPECT_NEAR(width_at(0.9), 1, 1e-9);
  const Interval same = at_level(ninety, 0.9);
  EXPECT_NEAR(same.low, 0.5, 1e-9);
  EXPECT_NEAR(same.high, 2, 1e-9);
}

TEST(Confidence, NormalInsideLaplaceOutside) {
  EXPECT_NEAR(width_at(0.5), 0.6744897502 / 1.6448536270, 1e-6);
  EXPECT_NEAR(width_at(0.99), 2, 1e-9);  // twice as far where a tenth is left; a normal distribution would say 1.57
  for (double level = 0.5; level < 0.99; level += 0.01) EXPECT_LT(width_at(level), width_at(level + 0.009));
}

TEST(Confidence, ChanceAboveALimitIsHalfOfWhatLiesOutside) {
  EXPECT_NEAR(chance_above(ninety, 2), 0.05, 1e-9);
  EXPECT_NEAR(chance_above(ninety, 0.5), 0.95, 1e-9);
  EXPECT_NEAR(chance_above(ninety, 1), 0.5, 1e-9);
  EXPECT_NEAR(chance_above(ninety, 4), 0.005, 1e-9);
  for (const double level : {0.5, 0.8, 0.95, 0.99})
    EXPECT_NEAR(chance_above(ninety, at_level(ninety, level).high), (1 - level) / 2, 1e-9) << level;
}

TEST(Confidence, AnIntervalWithoutWidthIsCertain) {
  EXPECT_EQ(chance_above({1, 1, 1}, 1), 0);
  EXPECT_EQ(chance_above({1, 1, 1}, 0.9), 1);
}

TEST(Confidence, RefusesOtherLevels) {
  for (const double level : {0.0, 0.49, 1.0, 2.0, std::nan("")}) EXPECT_THROW(width_at(level), Error) << level;
}

}  // namespace
}  // namespace wattlayer
