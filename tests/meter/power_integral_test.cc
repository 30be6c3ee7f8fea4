#include "wattlayer/meter/power_integral.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

TEST(PowerIntegral, IsTheAreaUnderTheSamples) {
  PowerIntegral integral;
  for (const auto& [at, power] : {std::pair{0.0, 100.0}, {1.0, 200.0}, {3.0, 200.0}, {3.5, 0.0}}) integral.add({at}, {power});
  EXPECT_DOUBLE_EQ(integral.energy().value, 150 + 400 + 50);
}

TEST(PowerIntegral, IsExactForAStraightLineHoweverItIsSampled) {
  for (const int samples : {2, 7, 100}) {
    PowerIntegral integral;
    for (int i = 0; i < samples; ++i) integral.add({10.0 * i / (samples - 1)}, {50 + 30.0 * i / (samples - 1)});
    EXPECT_NEAR(integral.energy().value, 650, 1e-9) << samples;
  }
}

TEST(PowerIntegral, NeverGoesBackInTime) {
  PowerIntegral integral;
  integral.add({5}, {10});
  integral.add({4}, {1000});
  integral.add({5}, {1000});
  EXPECT_EQ(integral.energy().value, 0);
  integral.add({6}, {10});
  EXPECT_DOUBLE_EQ(integral.energy().value, 10);
}

}  // namespace
}  // namespace wattlayer
