#include "wattlayer/meter/simulated_device.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(SimulatedDevice, TimePassesAtIdlePowerOrAtWork) {
  SimulatedDevice device({10});
  device.sleep({2});
  device.work({0.5}, {30});
  EXPECT_DOUBLE_EQ(device.now().value, 2.5);
  EXPECT_DOUBLE_EQ(device.energy().value, 50);
  EXPECT_FALSE(device.real());
}

TEST(SimulatedDevice, TellsListenersBeforeTheClockMoves) {
  SimulatedDevice device({10});
  Joules heard{0};
  device.on_stretch([&](Seconds from, Seconds duration, Watts power) {
    EXPECT_EQ(device.now().value, from.value);
    heard += power * duration;
  });
  device.sleep({1});
  device.work({1}, {250});
  device.sleep({0});
  EXPECT_DOUBLE_EQ(heard.value, 260);
}

TEST(SimulatedDevice, DriftMultipliesThePower) {
  SimulatedDevice device({100});
  device.set_drift([](Seconds at) { return at.value < 5 ? 1.0 : 2.0; });
  device.sleep({10});
  EXPECT_NEAR(device.energy().value, 1500, 10.1);  // the step that the change falls into
  EXPECT_NEAR(device.now().value, 10, 1e-9);
}

TEST(SimulatedDevice, DateFollowsItsTime) {
  SimulatedDevice device({1});
  device.sleep({3661});
  EXPECT_EQ(device.date(), "2026-01-01T01:01:01Z");
  EXPECT_EQ(device.since_epoch().value, 1767225600 + 3661);
}

TEST(SimulatedDevice, RefusesTimeThatRunsBackwards) {
  SimulatedDevice device({1});
  EXPECT_THROW(device.sleep({-1}), Error);
}

}  // namespace
}  // namespace wattlayer
