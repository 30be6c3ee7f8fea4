#include "wattlayer/bench/refresh.h"

#include <gtest/gtest.h>

#include "tests/bench/simulated_bench.h"

namespace wattlayer::test {
namespace {

TEST(Refresh, FindsThePeriodOfACounter) {
  for (const double interval : {0.02, 0.1, 0.25}) {
    SimulatedDevice device(Watts{20});
    FaultySensor sensor(device, {.interval = {interval}, .phase = {0.013}});
    Meter* meter = &sensor;
    const auto found = find_refresh_intervals({&meter, 1}, device, Seconds{5});
    ASSERT_TRUE(found[0]);
    EXPECT_NEAR(found[0]->value, interval, 0.03 * interval);
  }
}

TEST(Refresh, ACounterThatMovesWithEveryReadIsAsFastAsWeLook) {
  SimulatedDevice device(Watts{20});
  FaultySensor sensor(device, {.interval = {0.0001}});
  Meter* meter = &sensor;
  EXPECT_LE(find_refresh_intervals({&meter, 1}, device, Seconds{5})[0]->value, 0.0011);
}

TEST(Refresh, TakesTheDocumentedOneWhereNothingMoves) {
  SimulatedDevice device(Watts{0});
  FaultySensor still(device, {});
  Meter* meter = &still;
  auto found = find_refresh_intervals({&meter, 1}, device, Seconds{1});
  EXPECT_FALSE(found[0]);
  EXPECT_NEAR(device.now().value, 1, 0.02);
  EXPECT_EQ(slowest_refresh({&meter, 1}, found), Seconds{0.1});
  still.info_.refresh_interval = Seconds{0.5};
  EXPECT_EQ(slowest_refresh({&meter, 1}, found), Seconds{0.5});
}

TEST(Refresh, ModelledPowerHasNone) {
  SimulatedDevice device(Watts{10});
  FaultySensor sensor(device, {.interval = {0.1}});
  sensor.info_.method = "modelled";
  Meter* meter = &sensor;
  const auto found = find_refresh_intervals({&meter, 1}, device, Seconds{5});
  EXPECT_EQ(slowest_refresh({&meter, 1}, found), Seconds{0});
  EXPECT_LT(device.now().value, 0.1);
}

}  // namespace
}  // namespace wattlayer::test
