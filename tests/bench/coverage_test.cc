#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "tests/bench/simulated_bench.h"
#include "wattlayer/meter/meter_source.h"

namespace wattlayer::test {
namespace {

/// Slow wander of a device's power: an Ornstein-Uhlenbeck process of mean 1, and a transient from a cold start that dies away.
/// The long-run mean of the energy of a pass is therefore the energy that the task is scripted with.
class Wander {
 public:
  Wander(uint64_t seed, double spread, double seconds, double cold)
      : random_(seed), spread_(spread), seconds_(seconds), cold_(cold) {
    value_ = spread_ * normal_(random_);
  }
  double operator()(Seconds at) {
    for (const double keep = std::exp(-step / seconds_); at_ < at.value; at_ += step)
      value_ = keep * value_ + spread_ * std::sqrt(1 - keep * keep) * normal_(random_);
    return 1 + value_ - cold_ * std::exp(-at.value / 3);
  }

 private:
  static constexpr double step = 0.1;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  double spread_, seconds_, cold_, value_ = 0, at_ = 0;
};

struct Tally {
  int inside = 0, total = 0, within_tolerance = 0;
  double windows = 0;
  double share() const { return 100.0 * inside / total; }
};

/// Four tasks measured by turns, with one of the sensors; the truth of each is known.
void measure_group(uint64_t seed, const std::string& sensor, Tally& tally) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  auto between = [&](double low, double high) { return low + (high - low) * uniform(random); };
  SimulatedDevice device(Watts{between(15, 60)});
  device.set_drift(Wander(seed, 0.005, between(2, 10), 0.015));
  const MeterPlace place{.clock = &device, .device = &device};
  const auto open = open_meters(place, "fake:board+refresh_s=0.1+phase_s=" + std::to_string(between(0, 0.1)) + sensor);
  Meter* meter = open.at(0).get();
  std::map<std::string, Work> work;
  std::vector<Task> tasks;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "task " + std::to_string(i);
    // Passes that divide the sensor's interval lock to it unless the phase is varied.
    const std::array<double, 4> locked = {0.1, 0.05, 0.025, 0.02};
    const double time = i == 0 ? locked[seed % 4] : between(0.01, 0.06);
    work[name] = {.time = {time}, .energy = {time * between(70, 300)}, .swing = between(0.05, 0.3)};
    tasks.push_back(named_task(name));
  }
  ScriptedRunner runner(device, work);
  const Preparation preparation{.seed = seed};
  const std::vector<Measured> all = measure(tasks, runner, preparation, {&meter, 1}, {}, device);
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].failure, "");
    const Measurement& row = all[i].rows.at(0);
    const double truth = work[tasks[i].workload.name].energy.value, error = std::abs(*row.energy_j - truth);
    tally.inside += error <= *row.energy_ci95_j;
    tally.within_tolerance += *row.energy_ci95_j <= 0.02 * *row.energy_j;
    tally.windows += static_cast<double>(row.windows);
    ++tally.total;
  }
}

/// 4,000 simulated measurements, so that chance moves the share by 0.4 only: the truth is the long-run mean energy of a pass,
/// over all states of the wandering device.
TEST(Coverage, The95PercentIntervalHoldsTheTruthIn95PercentOfMeasurements) {
  const std::array<std::pair<const char*, const char*>, 3> sensors = {{
      {"counter of 1 mJ every 100 ms", "+step_j=0.001"},
      {"counter of 15 mJ every 100 ms", "+step_j=0.015"},
      {"25 ms of every 100 ms", "+step_j=0.001+seen_s=0.025"},
  }};
  Tally all;
  std::array<Tally, 3> each;
  for (uint64_t group = 0; group < 1000; ++group) {
    Tally one;
    measure_group(group, sensors[group % 3].second, one);
    for (Tally* t : {&all, &each[group % 3]})
      t->inside += one.inside, t->total += one.total, t->within_tolerance += one.within_tolerance, t->windows += one.windows;
  }
  for (size_t s = 0; s < sensors.size(); ++s) {
    printf("%s: %.1f %% of %d, %.1f windows\n", sensors[s].first, each[s].share(), each[s].total,
           each[s].windows / each[s].total);
    EXPECT_NEAR(each[s].share(), 95, 3) << sensors[s].first;
  }
  ASSERT_EQ(all.total, 4000);
  EXPECT_NEAR(all.share(), 95, 2);
  EXPECT_GE(all.within_tolerance, 3600);  // the others met the end of the budget and say so
  EXPECT_LT(all.windows / all.total, 14);
}

}  // namespace
}  // namespace wattlayer::test
