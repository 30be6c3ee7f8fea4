#include <gtest/gtest.h>

#include <set>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

const std::set<std::string> methods = {"counter", "integrated", "modelled"};

void expect_complete(const MeterInfo& info, const MeterDomain& domain) {
  EXPECT_EQ(info.domain, domain.name);
  EXPECT_EQ(info.scope, domain.scope);
  EXPECT_EQ(info.method, domain.method);
  EXPECT_TRUE(methods.contains(info.method)) << info.method;
  if (info.method != "modelled") {
    EXPECT_TRUE(info.refresh_interval || !info.remarks.empty())
        << "a meter states its refresh interval, or that it does not know it";
    EXPECT_FALSE(info.device.empty()) << "a physical counter has a lock";
  }
}

/// Never backwards, and polls do not disturb it.
void expect_rising(Meter& meter, Clock& clock, Seconds pause, int reads) {
  Joules last = meter.read();
  for (int i = 0; i < reads; ++i) {
    clock.sleep(pause);
    if (i % 3 == 0) meter.poll();
    const Joules now = meter.read();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(EveryMeter, SaysWhatItReadsAndWhatItMisses) {
  SystemClock clock;
  for (const MeterSource* source : meter_sources()) {
    SCOPED_TRACE(source->name);
    EXPECT_FALSE(source->summary.empty());
    std::set<std::string> names;
    for (const MeterDomain& d : source->domains({.clock = &clock})) {
      EXPECT_TRUE(names.insert(d.name).second) << d.name << " twice";
      EXPECT_FALSE(d.scope.empty());
      EXPECT_TRUE(methods.contains(d.method)) << d.method;
      EXPECT_EQ(d.name.find(','), d.name.npos) << "a comma separates meters";
    }
    EXPECT_FALSE(names.empty() && source->absent.empty());
    EXPECT_THROW(source->open({.clock = &clock}, "no-such-domain"), Error);
  }
}

TEST(EveryMeter, OfThisMachineNeverGoesBackwards) {
  SystemClock clock;
  const MeterPlace place{.settings = {{"constant.watts", "10"}, {"constant.tdp", "10"}}, .clock = &clock};
  int measured = 0;
  for (const MeterSource* source : meter_sources())
    for (const MeterDomain& d : source->domains(place)) {
      if (!d.obstacle.empty()) continue;
      SCOPED_TRACE(std::string(source->name) + ":" + d.name);
      const auto meter = source->open(place, d.name);
      expect_complete(meter->info(), d);
      expect_rising(*meter, clock, {0.001}, 20);
      measured += d.method != "modelled";
    }
  if (measured == 0) GTEST_SKIP() << "this machine has no energy counter that can be read; only modelled meters were tried";
}

TEST(EveryMeter, OfASimulatedDeviceNeverGoesBackwards) {
  SimulatedDevice device({10});
  const MeterPlace place{.clock = &device, .device = &device};
  const auto meters = open_default_meters(place);
  ASSERT_EQ(meters.size(), 1u);
  expect_rising(*meters[0], device, {0.01}, 100);
}

}  // namespace
}  // namespace wattlayer
