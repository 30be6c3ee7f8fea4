#include "wattlayer/bench/confidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace wattlayer {
namespace {

// Tables of Student's t, two-sided 95 %.
TEST(Confidence, StudentQuantilesAreThoseOfTheTables) {
  const std::vector<std::pair<int, double>> table = {{1, 12.7062047}, {2, 4.3026527},  {3, 3.1824463},
                                                     {4, 2.7764451},  {5, 2.5705818},  {7, 2.3646243},
                                                     {10, 2.2281389}, {30, 2.0422725}, {120, 1.9799304}};
  for (const auto& [degrees, t] : table) EXPECT_NEAR(student_t_975(degrees), t, 1e-6) << degrees;
}

TEST(Confidence, RatioOfSumsNotMeanOfRatios) {
  const std::vector<double> joules = {10, 30}, passes = {10, 20};
  const PerPass figure = per_pass(joules, passes);
  EXPECT_DOUBLE_EQ(figure.mean, 40.0 / 30);
  // Two windows: one cosine with weights +-cos(pi/4); residuals -+10/3/15.
  const double residual = (10 - 10 * 40.0 / 30) / 15, variance = std::pow(residual * std::sqrt(2.0), 2);
  EXPECT_NEAR(*figure.half_width, 12.7062047 * std::sqrt(variance / 2), 1e-7);
  EXPECT_NEAR(*figure.sd, std::sqrt(std::pow(1 - 4.0 / 3, 2) + std::pow(1.5 - 4.0 / 3, 2)), 1e-12);
}

TEST(Confidence, OneWindowHasNoInterval) {
  const std::vector<double> joules = {3}, passes = {2};
  const PerPass figure = per_pass(joules, passes);
  EXPECT_DOUBLE_EQ(figure.mean, 1.5);
  EXPECT_FALSE(figure.half_width);
  EXPECT_FALSE(figure.sd);
}

TEST(Confidence, EqualWindowsHaveAnIntervalOfNothing) {
  const std::vector<double> joules(8, 5.0), passes(8, 10.0);
  EXPECT_NEAR(*per_pass(joules, passes).half_width, 0, 1e-15);
}

/// Share of 20,000 series of n windows whose interval holds the mean 1.
double coverage(size_t n, double wander, double correlation) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  const std::vector<double> passes(n, 1.0);
  int inside = 0;
  constexpr int series = 20000;
  for (int k = 0; k < series; ++k) {
    std::vector<double> joules;
    double slow = wander * normal(random);
    for (size_t i = 0; i < n; ++i) {
      slow = correlation * slow + wander * std::sqrt(1 - correlation * correlation) * normal(random);
      joules.push_back(1 + 0.01 * normal(random) + slow);
    }
    const PerPass figure = per_pass(joules, passes);
    inside += std::abs(figure.mean - 1) <= *figure.half_width;
  }
  return 100.0 * inside / series;
}

TEST(Confidence, IsExactForIndependentWindows) {
  for (size_t n : {2u, 4u, 8u, 20u, 60u}) EXPECT_NEAR(coverage(n, 0, 0), 95, 0.7) << n;
}

TEST(Confidence, DriftWidensIt) {
  // Student's t with n - 1 degrees, blind to the order of windows, would hold 83 % here.
  EXPECT_NEAR(coverage(12, 0.01, 0.5), 95, 3);
  EXPECT_NEAR(coverage(40, 0.01, 0.5), 95, 3);
}

TEST(Confidence, LooksBecomeRare) {
  EXPECT_EQ(next_look(2), 3);
  EXPECT_EQ(next_look(8), 10);
  EXPECT_EQ(next_look(40), 50);
}

}  // namespace
}  // namespace wattlayer
