#include "wattlayer/meter/poller.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

class CountingMeter final : public Meter {
 public:
  explicit CountingMeter(std::optional<Seconds> interval) { info_.poll_interval = interval; }
  const MeterInfo& info() const override { return info_; }
  Joules read() override { return {0}; }
  void poll() override {
    const std::lock_guard lock(mutex_);
    ++polls_;
    polled_.notify_all();
  }
  /// Waits for the thread, not for time.
  bool wait_for_polls(int count) {
    std::unique_lock lock(mutex_);
    return polled_.wait_for(lock, std::chrono::seconds(30), [&] { return polls_ >= count; });
  }
  int polls() {
    const std::lock_guard lock(mutex_);
    return polls_;
  }

 private:
  MeterInfo info_;
  std::mutex mutex_;
  std::condition_variable polled_;
  int polls_ = 0;
};

TEST(Poller, PollsThoseWhoAskAndStopsAtTheEnd) {
  SystemClock clock;
  CountingMeter often(Seconds{0.001}), never(std::nullopt);
  Meter* meters[] = {&often, &never};
  {
    const Poller poller(meters, clock);
    EXPECT_TRUE(often.wait_for_polls(20));
  }
  const int polls = often.polls();
  EXPECT_EQ(never.polls(), 0);
  EXPECT_EQ(often.polls(), polls);
}

TEST(Poller, EndsAtOnceHoweverRareThePolls) {
  SystemClock clock;
  CountingMeter rare(Seconds{3600});
  Meter* meters[] = {&rare};
  const Seconds start = clock.now();
  {
    const Poller poller(meters, clock);
    EXPECT_TRUE(rare.wait_for_polls(1));
  }
  EXPECT_LT((clock.now() - start).value, 20);
}

TEST(Poller, HasNoThreadInSimulatedTime) {
  SimulatedDevice device({1});
  CountingMeter often(Seconds{0.001});
  Meter* meters[] = {&often};
  const Poller poller(meters, device);
  device.sleep({10});
  EXPECT_EQ(often.polls(), 0);
}

MeterInfo sampled_info() { return {.meter = "test", .domain = "0", .method = "integrated", .poll_interval = Seconds{0.001}}; }

TEST(SampledMeter, IntegratesUnderARealPoller) {
  SystemClock clock;
  std::mutex mutex;
  std::condition_variable sampled;
  int samples = 0;
  SampledMeter meter(sampled_info(), clock, [&] {
    const std::lock_guard lock(mutex);
    ++samples;
    sampled.notify_all();
    return Watts{50};
  });
  Meter* meters[] = {&meter};
  const Poller poller(meters, clock);
  const Seconds before_first = clock.now();
  const Joules first = meter.read();
  const Seconds after_first = clock.now();
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(sampled.wait_for(lock, std::chrono::seconds(30), [&] { return samples > 100; }));
  }
  const Seconds before_last = clock.now();
  const Joules used = meter.read() - first;
  EXPECT_GE(used.value, 50 * (before_last - after_first).value - 1e-6);
  EXPECT_LE(used.value, 50 * (clock.now() - before_first).value + 1e-6);
}

TEST(SampledMeter, IntegratesInSimulatedTimeWithSamplesAtTheEdges) {
  SimulatedDevice device({10});
  Watts power{100};
  SampledMeter meter(sampled_info(), device, [&] { return power; });
  device.sleep({1});
  const Joules start = meter.read();
  for (int i = 0; i < 10; ++i) {
    device.sleep({0.1});
    power = power + Watts{10};
    meter.poll();
  }
  EXPECT_NEAR((meter.read() - start).value, 150, 1e-9);
}

TEST(SampledMeter, KeepsAFaultOfThePollForTheNextRead) {
  SimulatedDevice device({10});
  bool gone = false;
  SampledMeter meter(sampled_info(), device, [&] {
    if (gone) throw Error(ErrorKind::unavailable, "sensor unplugged; plug it in");
    return Watts{1};
  });
  gone = true;
  meter.poll();
  gone = false;
  EXPECT_THROW(meter.read(), Error);
  EXPECT_THROW(meter.read(), Error) << "the energy in between stays unknown";
}

TEST(SampledMeter, APauseBetweenWindowsIsNoGap) {
  SimulatedDevice device({10});
  SampledMeter meter(sampled_info(), device, [] { return Watts{1}; });
  const auto window = [&](Seconds step) {
    meter.read_start();
    for (int i = 0; i < 10; ++i) device.sleep(step), meter.poll();
    meter.read();
  };
  device.sleep({12});  // between opening and the first poll
  meter.poll();
  window({0.001});
  device.sleep({12});
  window({0.001});
  EXPECT_TRUE(meter.remarks().empty());
  window({2});
  EXPECT_EQ(meter.remarks().size(), 1u);
  meter.begin();
  EXPECT_TRUE(meter.remarks().empty()) << "another measurement has its own remarks";
}

TEST(SampledMeter, RefusesImpossiblePowerAndRemarksOnGaps) {
  SimulatedDevice device({10});
  Watts power{1};
  SampledMeter meter(sampled_info(), device, [&] { return power; });
  EXPECT_TRUE(meter.remarks().empty());
  meter.read_start();
  device.sleep({5});
  meter.read();
  ASSERT_EQ(meter.remarks().size(), 1u);
  EXPECT_NE(meter.remarks()[0].find("5 s"), std::string::npos) << meter.remarks()[0];
  power = {-3};
  EXPECT_THROW(meter.read(), Error);
}

}  // namespace
}  // namespace wattlayer
