#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_lock.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

std::unique_ptr<Meter> open_fake(SimulatedDevice& device, const std::string& script = "") {
  const MeterPlace place{.clock = &device, .device = &device};
  return std::move(open_meters(place, "fake:board" + script).front());
}

std::string fault_of(Meter& meter) {
  try {
    meter.read();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unavailable);
    return e.what();
  }
  return "";
}

TEST(FakeMeter, ReadsWhatTheDeviceUsed) {
  SimulatedDevice device({10});
  const auto meter = open_fake(device);
  const Joules start = meter->read();
  device.sleep({2});
  device.work({3}, {600});
  EXPECT_NEAR((meter->read() - start).value, 620, 0.25) << "one refresh of 1 ms at 200 W";
}

TEST(FakeMeter, AnHourCostsNoMoreThanASecond) {
  SimulatedDevice device({10});
  const auto meter = open_fake(device);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) device.work({3600}, {3600 * 250.0});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  EXPECT_NEAR(meter->read().value / (1000 * 3600 * 250.0), 1, 1e-9);
}

TEST(FakeMeter, StepsAreQuantisedAndOnlyAtRefreshes) {
  SimulatedDevice device({7});
  const auto meter = open_fake(device, "+refresh_s=0.1+step_j=0.5");
  double last = 0;
  int changes = 0;
  for (int i = 0; i < 400; ++i) {
    device.sleep({0.01});
    const double now = meter->read().value;
    EXPECT_GE(now, last);
    EXPECT_EQ(now * 2, std::floor(now * 2));
    changes += now != last;
    last = now;
  }
  EXPECT_LE(changes, 40);
  EXPECT_NEAR(last, 28, 1.2);
}

TEST(FakeMeter, A25MillisecondWindowSeesAQuarterOfTheTime) {
  // Work in the unseen part of every refresh interval only: the sensor misses it; work in the seen part counts four times.
  for (const bool seen : {false, true}) {
    SimulatedDevice device({0.001});
    const auto meter = open_fake(device, "+refresh_s=0.1+seen_s=0.025");
    for (int i = 0; i < 50; ++i) {
      if (seen) device.sleep({0.075});
      device.work({0.025}, {5});
      if (!seen) device.sleep({0.075});
    }
    EXPECT_NEAR(meter->read().value, seen ? 1000 : 0, seen ? 25 : 0.1);
  }
}

TEST(FakeMeter, AStretchIsExactHoweverItIsCut) {
  SimulatedDevice whole({10}), cut({10});
  const auto a = open_fake(whole, "+refresh_s=0.1+seen_s=0.025+phase_s=0.033");
  const auto b = open_fake(cut, "+refresh_s=0.1+seen_s=0.025+phase_s=0.033");
  for (int k = 0; k < 20; ++k) {
    whole.work({0.777}, {70});
    for (int i = 0; i < 37; ++i) cut.work({0.777 / 37}, {70.0 / 37});
    whole.sleep({0.31});
    for (int i = 0; i < 11; ++i) cut.sleep({0.31 / 11});
    EXPECT_NEAR(a->read().value, b->read().value, 2e-4);
  }
}

TEST(FakeMeter, PowerSensorIntegratesOneRefreshLate) {
  SimulatedDevice device({10});
  const auto meter = open_fake(device, "+refresh_s=0.1+method=integrated");
  EXPECT_EQ(meter->info().method, "integrated");
  const Joules start = meter->read();
  device.work({2}, {400});
  EXPECT_NEAR((meter->read() - start).value, 400 - 19, 0.1);
  device.sleep({1});
  EXPECT_NEAR((meter->read() - start).value, 410, 0.1);
}

TEST(FakeMeter, GainAndOffsetDistort) {
  SimulatedDevice device({50});
  const auto meter = open_fake(device, "+gain=0.954+offset_w=-1.2");
  device.sleep({100});
  EXPECT_NEAR(meter->read().value, 100 * (50 * 0.954 - 1.2), 0.1);
}

TEST(FakeMeter, NoiseIsOfOneRefreshAndRepeatable) {
  double sum = 0, squares = 0;
  constexpr int n = 400;
  for (int i = 0; i < n; ++i) {
    SimulatedDevice device({100});
    const auto meter = open_fake(device, "+refresh_s=0.1+noise=0.2+seed=" + std::to_string(i));
    device.sleep({10});  // 100 refreshes: 2 % of 1000 J
    const double energy = meter->read().value;
    sum += energy;
    squares += energy * energy;
  }
  const double mean = sum / n, sd = std::sqrt(squares / n - mean * mean);
  EXPECT_NEAR(mean, 1000, 5);
  EXPECT_NEAR(sd, 20, 3);
}

TEST(FakeMeter, WrapsLikeASocket) {
  SimulatedDevice device({900});
  const auto meter = open_fake(device, "+wrap_j=65536");
  for (int i = 0; i < 10; ++i) {
    device.sleep({32});
    EXPECT_NEAR(meter->read().value, 900 * 32.0 * (i + 1), 1);
  }
}

TEST(FakeMeter, ScriptedFaultsAreErrorsNeverFigures) {
  for (const auto& [script, word] : {std::pair<std::string, std::string>{"+stuck_after_s=5", "stood still"},
                                     {"+resets_after_s=5", "reset"},
                                     {"+backwards_after_s=5", "ran backwards"},
                                     {"+gone_after_s=5", "gone"}}) {
    SimulatedDevice device({100});
    const auto meter = open_fake(device, script);
    device.sleep({4.9});
    EXPECT_EQ(fault_of(*meter), "") << script;
    device.sleep({0.11});
    if (script != "+stuck_after_s=5") {
      const std::string fault = fault_of(*meter);
      EXPECT_NE(fault.find(word), fault.npos) << fault;
      EXPECT_NE(fault.find("fake:board"), fault.npos) << fault;
    } else {
      EXPECT_EQ(fault_of(*meter), "");
      device.sleep({2});
      const std::string fault = fault_of(*meter);
      EXPECT_NE(fault.find(word), fault.npos) << fault;
    }
  }
}

TEST(FakeMeter, SettingsAreTheSameAsTheDomainsScript) {
  SimulatedDevice device({100});
  const MeterPlace place{.settings = {{"fake.refresh_s", "0.5"}, {"fake.scope", "wall"}}, .clock = &device, .device = &device};
  const auto meters = open_default_meters(place);
  ASSERT_EQ(meters.size(), 1u);
  EXPECT_EQ(meters[0]->info().refresh_interval->value, 0.5);
  EXPECT_EQ(meters[0]->info().scope, "wall");
}

TEST(FakeMeter, TellsThrottlingAndTemperature) {
  SimulatedDevice device({100});
  const auto meter = open_fake(device, "+throttles_after_s=3+temperature_c=71");
  EXPECT_EQ(meter->state().throttle, std::vector<std::string>{});
  device.sleep({4});
  EXPECT_EQ(meter->state().throttle, std::vector<std::string>{"thermal"});
  EXPECT_EQ(meter->state().temperature_c, 71);
  EXPECT_FALSE(meter->state().clock_hz) << "what is not told is absent";
}

TEST(FakeMeter, RefusesWithoutADeviceOrWithANonsenseScript) {
  SystemClock clock;
  EXPECT_THROW(open_meters({.clock = &clock}, "fake:board"), Error);
  EXPECT_THROW(open_meters({.clock = &clock}, "fake"), Error);
  SimulatedDevice device({100});
  for (const char* script : {"+refresh_s=0", "+seen_s=-1", "+no_such=1", "+gain", "+gain=x", "+method=guess", "+phase_s=9"})
    EXPECT_THROW(open_fake(device, script), Error) << script;
  const MeterPlace denied{.settings = {{"fake.permission", "denied"}}, .clock = &device, .device = &device};
  EXPECT_THROW(open_meters(denied, "fake"), Error);
  EXPECT_THROW(open_default_meters(denied), Error);
}

TEST(FakeMeter, DeviceMayOutliveItsMeters) {
  SimulatedDevice device({100});
  for (int i = 0; i < 3; ++i) {
    const auto meter = open_fake(device);
    device.sleep({1});
    EXPECT_NEAR(meter->read().value, 100, 0.2);
  }
  device.sleep({1});
}

TEST(FakeMeter, LocksNothingUnlessItsDeviceIsShared) {
  SimulatedDevice device({1});
  const MeterPlace place{.clock = &device, .device = &device};
  const TemporaryFolder folder;
  const auto files_for = [&](const char* name) {
    const auto meters = open_meters(place, name);
    const std::vector<Meter*> list = {meters.front().get()};
    const auto locks = lock_meters(list, folder.path());
    return std::distance(std::filesystem::directory_iterator(folder.path()), {});
  };
  EXPECT_EQ(files_for("fake:board"), 0);
  EXPECT_EQ(files_for("fake:board+device=one"), 1);
}

}  // namespace
}  // namespace wattlayer
