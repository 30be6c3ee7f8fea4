#include "wattlayer/core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(Statistics, QuantilesInterpolate) {
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_DOUBLE_EQ(quantile({0, 10}, 0.9), 9);
  EXPECT_DOUBLE_EQ(quantile({5}, 0.1), 5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Statistics, RSquaredOfTheMeanIsZero) {
  const std::vector<double> truth = {1, 2, 3, 6};
  EXPECT_DOUBLE_EQ(*r_squared(truth, std::vector<double>{3, 3, 3, 3}), 0);
  EXPECT_DOUBLE_EQ(*r_squared(truth, truth), 1);
  EXPECT_FALSE(r_squared(std::vector<double>{2, 2}, std::vector<double>{1, 2}));
  EXPECT_FALSE(r_squared(std::vector<double>{2}, std::vector<double>{2}));
}

TEST(Statistics, ScoreOfKnownErrors) {
  // Errors -10, 0, +10, +20, +30 per cent of 100.
  const std::vector<double> predicted = {90, 100, 110, 120, 130};
  std::vector<Scored> rows;
  for (double p : predicted) rows.push_back({.truth = 100, .predicted = p, .low = p / 1.2, .high = p * 1.2});
  const Score s = score(rows);
  EXPECT_EQ(s.n, 5u);
  EXPECT_DOUBLE_EQ(s.medape, 10);
  EXPECT_DOUBLE_EQ(s.mape, 14);
  EXPECT_DOUBLE_EQ(s.p90, 26);
  EXPECT_DOUBLE_EQ(s.max, 30);
  EXPECT_DOUBLE_EQ(s.min, 0);
  EXPECT_DOUBLE_EQ(s.bias, 10);
  EXPECT_FALSE(s.r2);                   // a constant truth
  EXPECT_DOUBLE_EQ(*s.coverage90, 80);  // 130 / 1.2 is above 100
  EXPECT_NEAR(*s.width90, 1.2, 1e-12);
}

TEST(Statistics, ScoreWithoutIntervalsOrRows) {
  const Score s = score(std::vector<Scored>{{.truth = 1, .predicted = 1}, {.truth = 2, .predicted = 2, .low = 1, .high = 3}});
  EXPECT_FALSE(s.coverage90);
  EXPECT_DOUBLE_EQ(*s.r2, 1);
  EXPECT_THROW(score({}), Error);
  EXPECT_THROW(score(std::vector<Scored>{{.truth = 0, .predicted = 1}}), Error);
}

}  // namespace
}  // namespace wattlayer
