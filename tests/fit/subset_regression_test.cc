#include "wattlayer/fit/subset_regression.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

/// Six features of different size; the last is the sum of the first two.
Samples made_up(size_t rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Samples samples;
  for (size_t i = 0; i < rows; ++i) {
    std::vector<double> x;
    for (double size : {1.0, 3.0, 1e6, 1e-3, 50.0}) x.push_back(size * (2 + normal(random)));
    x.push_back(x[0] + x[1]);
    samples.targets.push_back(4 + x[0] - 2 * x[1] + 3e-6 * x[2] + 0.3 * normal(random));
    samples.features.push_back(std::move(x));
  }
  return samples;
}

/// The same subset fitted from its rows.
double refitted(const Samples& train, const Samples& test, uint32_t subset) {
  std::vector<Powers> terms;
  for (const Powers& powers : monomials(6, 1))
    for (size_t j = 0; j < 6; ++j)
      if (powers[j] && subset >> j & 1) terms.push_back(powers);
  const Polynomial law = fit_least_squares(terms, train);
  std::vector<double> predicted;
  for (const auto& x : test.features) predicted.push_back(law(x));
  return r_squared(test.targets, predicted).value();
}

TEST(SubsetRegression, EverySubsetAsIfFittedAlone) {
  const Samples train = made_up(40, 1), test = made_up(15, 2);
  std::map<uint32_t, double> scores;
  EXPECT_TRUE(SubsetRegression(train, test).visit([&](uint32_t subset, double r2) {
    EXPECT_TRUE(scores.emplace(subset, r2).second) << subset;
    return true;
  }));
  ASSERT_EQ(scores.size(), 63u);
  for (const auto& [subset, r2] : scores) EXPECT_NEAR(r2, refitted(train, test, subset), 1e-9) << subset;
  EXPECT_GT(scores[0b000111], 0.9);
}

TEST(SubsetRegression, VisitorStops) {
  size_t seen = 0;
  EXPECT_FALSE(SubsetRegression(made_up(40, 1), made_up(15, 2)).visit([&](uint32_t, double) { return ++seen < 5; }));
  EXPECT_EQ(seen, 5u);
}

TEST(SubsetRegression, SaysWhatIsMissing) {
  EXPECT_THROW(SubsetRegression({}, made_up(5, 1)), Error);
  EXPECT_THROW(SubsetRegression(made_up(5, 1), {}), Error);
  EXPECT_THROW(SubsetRegression({.features = {std::vector<double>(25, 1)}, .targets = {1}}, made_up(5, 1)), Error);
}

}  // namespace
}  // namespace wattlayer
