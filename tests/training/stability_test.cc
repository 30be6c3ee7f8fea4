#include "wattlayer/training/stability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace wattlayer {
namespace {

/// Alternating around the level by 1 %.
std::vector<double> level(double value, size_t count) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(value * (i % 2 ? 1.01 : 0.99));
  return values;
}

TEST(Stability, OneLevelStartsAtItsFirstValue) {
  EXPECT_EQ(stable_since(level(500, 20)), 0u);
  EXPECT_EQ(stable_since(std::vector<double>(20, 3.0)), 0u);
  EXPECT_EQ(stable_since(std::vector<double>{1, 2}), 0u) << "two values tell of no change";
}

TEST(Stability, FindsWhereTheLastLevelStarts) {
  std::vector<double> values = level(800, 6);
  for (const double v : level(500, 10)) values.push_back(v);
  EXPECT_EQ(stable_since(values), 6u);
  for (const double v : level(650, 8)) values.push_back(v);
  EXPECT_EQ(stable_since(values), 16u);
}

TEST(Stability, ASingleOutlierIsNoLevel) {
  std::vector<double> values = level(500, 20);
  values[9] = 1500;
  EXPECT_EQ(stable_since(values), 0u);
}

TEST(Stability, DoesNotDependOnTheUnit) {
  std::vector<double> values = level(800, 6), scaled;
  for (const double v : level(500, 10)) values.push_back(v);
  for (const double v : values) scaled.push_back(v * 1e-6);
  EXPECT_EQ(stable_since(values), stable_since(scaled));
}

}  // namespace
}  // namespace wattlayer
