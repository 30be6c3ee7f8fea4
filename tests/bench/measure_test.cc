#include "wattlayer/bench/measure.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/bench/simulated_bench.h"
#include "wattlayer/bench/refresh.h"
#include "wattlayer/meter/meter_source.h"

namespace wattlayer::test {
namespace {

/// One device with one sensor; tasks by name.
class Measure : public testing::Test {
 protected:
  std::vector<Measured> measure(const std::map<std::string, Work>& work, const ProgressCallback& progress = {}) {
    runner = std::make_unique<ScriptedRunner>(device, work);
    runner->rotated = rotated;
    std::vector<Task> tasks;
    for (const auto& [name, unused] : work) tasks.push_back(named_task(name));
    return wattlayer::measure(tasks, *runner, preparation, meters, protocol, device, progress);
  }

  SimulatedDevice device{Watts{20}};
  FaultySensor sensor{device, {.phase = {0.03}}};
  std::vector<Meter*> meters = {&sensor};
  Preparation preparation;
  Protocol protocol;
  std::unique_ptr<ScriptedRunner> runner;
  std::optional<double> rotated;
};

bool has(const std::vector<std::string>& remarks, std::string_view text) {
  return std::any_of(remarks.begin(), remarks.end(), [&](const std::string& r) { return r.find(text) != r.npos; });
}

TEST_F(Measure, FindsEnergyTimeAndPowerAtRest) {
  const Measured m = measure({{"a", {.time = {0.01}, .energy = {1.5}}}}).at(0);
  ASSERT_EQ(m.failure, "");
  const Measurement& row = m.rows.at(0);
  EXPECT_NEAR(*row.energy_j, 1.5, *row.energy_ci95_j * 2);
  EXPECT_LE(*row.energy_ci95_j, 0.02 * *row.energy_j);
  EXPECT_NEAR(*row.time_s, 0.01, 1e-12);
  EXPECT_NEAR(*row.idle_power_w, 20, 0.1);
  EXPECT_EQ(row.windows, static_cast<int64_t>(m.windows.size()));
  EXPECT_GE(row.windows, 8);
  EXPECT_TRUE(row.idle_included);
  EXPECT_EQ(row.meter, "fake");
  EXPECT_EQ(row.scope, "board");
  EXPECT_EQ(row.method, "counter");
  EXPECT_EQ(row.engine, "simulated");
  EXPECT_EQ(row.conditions.at("engine_version"), "7");
  EXPECT_EQ(row.conditions.at("library"), "2.1");
  EXPECT_EQ(row.conditions.at("device_name"), "a machine");
  EXPECT_EQ(row.conditions.at("cache"), "rotated");
  EXPECT_EQ(row.conditions.at("domain"), "0");
  EXPECT_NEAR(std::stod(row.conditions.at("refresh_interval_s")), 0.1, 0.003);
  EXPECT_EQ(row.conditions.at("date"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(row.conditions.count("throttle"), 0u);  // the sensor does not tell, so nobody knows
  EXPECT_EQ(runner->held(), 0u);
}

TEST_F(Measure, SaysWhetherTheCacheWasLeftBehind) {
  auto cache = [&] { return measure({{"a", {}}}).at(0).rows.at(0).conditions.at("cache"); };
  EXPECT_EQ(cache(), "rotated");
  rotated = 64e6;
  EXPECT_EQ(cache(), "rotated");
  rotated = 6e6;  // as many copies as the runner keeps, and still inside
  EXPECT_EQ(cache(), "partly rotated");
  preparation.warm_cache = true;
  EXPECT_EQ(cache(), "warm");
}

TEST_F(Measure, AWindowHoldsThirtyRefreshesAndASecond) {
  const Measured slow = measure({{"a", {.time = {0.01}}}}).at(0);
  for (const Window& w : slow.windows) {
    EXPECT_GE(w.time.value, 3.0 - 0.05);
    EXPECT_LE(w.time.value, 3.4);
  }
  protocol.refreshes = 5;
  const Measured fast = measure({{"a", {.time = {0.01}}}}).at(0);
  for (const Window& w : fast.windows) EXPECT_GE(w.time.value, 1.0);
}

TEST_F(Measure, PassesGrowFromOneByTheTimeThatWasReported) {
  measure({{"a", {.time = {2e-6}, .energy = {1e-4}}}});
  EXPECT_EQ(runner->runs.front().passes, 1);
  EXPECT_GT(runner->runs.back().passes, 1'000'000);
  for (size_t i = 1; i < 8; ++i) EXPECT_LE(runner->runs[i].passes, 4 * runner->runs[i - 1].passes);
}

TEST_F(Measure, WarmsUpWithTheSameCodeForAtLeastTheTimeAsked) {
  protocol.warm_up = Seconds{4};
  measure({{"a", {.time = {0.01}}}});
  double warm = 0;
  for (const auto& run : runner->runs)
    if (run.at < Seconds{4}) warm += static_cast<double>(run.passes) * 0.01;
  EXPECT_GE(warm, 4);
}

TEST_F(Measure, APassLongerThanAWindowIsAWindow) {
  const Measured m = measure({{"a", {.time = {5}, .energy = {400}}}}).at(0);
  for (const Window& w : m.windows) EXPECT_EQ(w.passes, 1);
  EXPECT_NEAR(*m.rows.at(0).energy_j, 400, 8);
  EXPECT_LT(m.windows.size(), 14u);
}

TEST_F(Measure, WindowsOfTheTasksAlternate) {
  measure(
      {{"a", {.time = {0.01}, .energy = {1}}}, {"b", {.time = {0.01}, .energy = {2}}}, {"c", {.time = {0.01}, .energy = {3}}}});
  std::vector<int64_t> order;
  for (const auto& run : runner->runs)
    if (run.passes > 250) order.push_back(run.handle);
  ASSERT_GE(order.size(), 24u);
  std::set<std::vector<int64_t>> rounds;
  for (size_t round = 0; round < 8; ++round) {
    const std::set<int64_t> in_round(order.begin() + long(3 * round), order.begin() + long(3 * round + 3));
    EXPECT_EQ(in_round.size(), 3u) << "each task once in round " << round;
    rounds.insert({order.begin() + long(3 * round), order.begin() + long(3 * round + 3)});
  }
  EXPECT_GT(rounds.size(), 1u) << "the order is drawn anew";
}

TEST_F(Measure, WindowsStartAtDifferentPhasesOfTheSensor) {
  preparation.seed = 5;
  measure({{"a", {.time = {0.1}, .energy = {10}}}});
  std::vector<double> phases;
  for (const auto& run : runner->runs)
    if (run.passes >= 30) phases.push_back(std::fmod(run.at.value - 0.03, 0.1));
  ASSERT_GE(phases.size(), 8u);
  const auto [low, high] = std::minmax_element(phases.begin(), phases.end());
  EXPECT_GT(*high - *low, 0.04);
}

TEST_F(Measure, TheSameSeedMeasuresTheSame) {
  const auto once = [&] {
    SimulatedDevice own{Watts{20}};
    FaultySensor meter{own, {}};
    ScriptedRunner scripted(own, {{"a", {}}});
    Meter* pointer = &meter;
    const Task task = named_task("a");
    return *wattlayer::measure({&task, 1}, scripted, preparation, {&pointer, 1}, protocol, own).at(0).rows.at(0).energy_j;
  };
  EXPECT_EQ(once(), once());
}

TEST_F(Measure, TheBudgetEndsWhatWillNotConverge) {
  protocol.tolerance = 1e-6;
  protocol.budget = Seconds{40};
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_LT(device.now().value, 50);
  EXPECT_TRUE(has(m.remarks, "budget of 40 s ended after")) << m.remarks.size();
  EXPECT_TRUE(m.rows.at(0).energy_ci95_j);
}

TEST_F(Measure, ABudgetForTooFewWindowsSaysSo) {
  protocol.budget = Seconds{12};
  protocol.tolerance = 0.5;
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_LT(m.windows.size(), 8u);
  EXPECT_TRUE(has(m.remarks, "fewer than the 8 that are believed")) << m.remarks.at(0);
}

TEST_F(Measure, FixedPassesAreOneWindowWithoutAnInterval) {
  protocol.fixed_passes = 4000;
  const Measured m = measure({{"a", {.time = {0.001}, .energy = {0.1}}}}).at(0);
  ASSERT_EQ(m.windows.size(), 1u);
  EXPECT_EQ(m.rows.at(0).repetitions, 4000);
  EXPECT_FALSE(m.rows.at(0).energy_ci95_j);
  EXPECT_NEAR(*m.rows.at(0).energy_j, 0.1, 0.005);
  EXPECT_NE(m.rows.at(0).conditions.at("protocol").find("fixed: 1 windows of 4000 passes"), std::string::npos);
}

TEST_F(Measure, WithoutAMeterThereIsATimeOnly) {
  meters.clear();
  const Measured m = measure({{"a", {.time = {0.01}}}}).at(0);
  ASSERT_EQ(m.rows.size(), 1u);
  EXPECT_FALSE(m.rows[0].energy_j);
  EXPECT_FALSE(m.rows[0].idle_power_w);
  EXPECT_EQ(m.rows[0].method, "");
  EXPECT_NEAR(*m.rows[0].time_s, 0.01, 1e-12);
  EXPECT_EQ(m.rows[0].conditions.count("time_ci95_s"), 1u);
}

TEST_F(Measure, ModelledEnergyIsLabelled) {
  sensor.info_.method = "modelled";
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_EQ(m.rows.at(0).method, "modelled");
  EXPECT_FALSE(m.rows[0].idle_power_w);
  EXPECT_TRUE(has(m.remarks, "modelled, not measured"));
}

TEST_F(Measure, ASensorThatStandsStillIsAFailureAndNeverZero) {
  FaultySensor still(device, {.gain = 0});
  meters = {&still};
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_TRUE(m.rows.empty());
  EXPECT_NE(m.failure.find("fake:0 counted 0 J in"), m.failure.npos) << m.failure;
  EXPECT_FALSE(m.interrupted);
}

TEST_F(Measure, EnergyBelowTheResolutionIsAFailure) {
  FaultySensor coarse(device, {.step = {500}});
  meters = {&coarse};
  protocol.min_windows = 4;
  protocol.budget = Seconds{14};
  const Measured m = measure({{"a", {.time = {0.01}, .energy = {0.5}}}}).at(0);
  EXPECT_NE(m.failure.find("not above its resolution of 500 J"), m.failure.npos) << m.failure;
}

TEST_F(Measure, OneDeadMeterOfTwoIsARowWithAReason) {
  FaultySensor still(device, {.gain = 0});
  still.info_.domain = "1", still.info_.device = "fake:1";
  meters = {&sensor, &still};
  protocol.budget = Seconds{20};
  const Measured m = measure({{"a", {}}}).at(0);
  ASSERT_EQ(m.rows.size(), 2u);
  EXPECT_TRUE(m.rows[0].energy_j);
  EXPECT_FALSE(m.rows[1].energy_j);
  EXPECT_NE(m.rows[1].failure.find("fake:1 counted 0 J"), std::string::npos);
}

TEST_F(Measure, MoreAtRestThanAtWorkIsSaidAndNotClipped) {
  const Measured m = measure({{"a", {.time = {0.01}, .energy = {0.1}}}}).at(0);  // 10 W at work, 20 W at rest
  EXPECT_LT(*m.rows.at(0).energy_j - *m.rows[0].idle_power_w * *m.rows[0].time_s, 0);
  EXPECT_TRUE(has(m.remarks, "so the energy above idle is negative"));
  const Measured same = measure({{"a", {.time = {0.01}, .energy = {0.1996}}}}).at(0);  // 0.2 % less than at rest
  EXPECT_TRUE(has(same.remarks, "cannot be told from none"));
}

TEST_F(Measure, CounterAndIntegralAreCompared) {
  FaultySensor integral(device, {.gain = 0.9});
  integral.info_.method = "integrated";
  meters = {&sensor, &integral};
  EXPECT_TRUE(has(measure({{"a", {}}}).at(0).remarks, "for the same device"));
  FaultySensor near(device, {.gain = 0.97});
  near.info_.method = "integrated";
  meters = {&sensor, &near};
  EXPECT_FALSE(has(measure({{"a", {}}}).at(0).remarks, "for the same device"));
}

TEST_F(Measure, ThrottlingIsSaid) {
  sensor.state_ = {
      .clock_hz = 1.2e9, .temperature_c = 81, .power_limit_w = 300, .throttle = std::vector<std::string>{"power cap"}};
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_TRUE(has(m.remarks, "throttled (power cap) in 8 of 8 windows"));
  const auto& conditions = m.rows.at(0).conditions;
  EXPECT_EQ(conditions.at("throttle"), "power cap");
  EXPECT_EQ(conditions.at("clock_hz"), "1.2e+09");
  EXPECT_EQ(conditions.at("temperature_c"), "81");
  sensor.state_.throttle->clear();
  EXPECT_EQ(measure({{"a", {}}}).at(0).rows.at(0).conditions.at("throttle"), "none");
}

TEST_F(Measure, ThrottlingThatNobodyTellsIsUnknownAndNotNone) {
  sensor.state_ = {.temperature_c = 60};
  EXPECT_EQ(measure({{"a", {}}}).at(0).rows.at(0).conditions.count("throttle"), 0u);
}

TEST_F(Measure, AMeterThatWaitsDoesNotBiasTheOthers) {
  WaitingMeter waiting(device);
  protocol.refreshes = 1, protocol.fixed_passes = 1000, protocol.idle = Seconds{0};
  for (const bool first : {true, false}) {
    meters = first ? std::vector<Meter*>{&waiting, &sensor} : std::vector<Meter*>{&sensor, &waiting};
    const Measured m = measure({{"a", {.time = {0.01}, .energy = {3}}}}).at(0);  // 300 W for 10 s
    for (const Measurement& row : m.rows) EXPECT_NEAR(*row.energy_j, 3, 0.04) << row.meter;
  }
}

TEST_F(Measure, AMeterThatWaitsTimesNoRefreshOfTheOthers) {
  WaitingMeter waiting(device);
  meters = {&waiting, &sensor};
  const auto found = find_refresh_intervals(meters, device, Seconds{3});
  EXPECT_NEAR(found.at(1).value_or(Seconds{0}).value, 0.1, 0.01);
  EXPECT_EQ(found.at(0).value_or(Seconds{0}).value, 0.1) << "what its log says";
}

TEST_F(Measure, StatedPowerIsTimesTheTimeThatTheRunnerSaw) {
  const auto stated = open_meters({.settings = {{"constant.watts", "15"}}, .clock = &device}, "constant:watts");
  meters = {stated.front().get()};
  const Measured m = measure({{"a", {.time = {0.01}, .request = {0.02}}}}).at(0);
  const Measurement& row = m.rows.at(0);
  EXPECT_NEAR(*row.energy_j / *row.time_s, 15, 1e-9);
  EXPECT_FALSE(has(m.remarks, "the clock says"));
}

TEST_F(Measure, ARunnerThatDoesNotWaitForItsDeviceIsNotBelieved) {
  const Measured m = measure({{"a", {.time = {0.01}, .request = {0.3}}}}).at(0);
  EXPECT_TRUE(has(m.remarks, "the clock says"));
}

TEST_F(Measure, FixedPassesBelowARefreshAreRemarked) {
  protocol.fixed_passes = 100;
  EXPECT_TRUE(has(measure({{"a", {.time = {0.005}, .energy = {5}}}}).at(0).remarks, "100 passes took 0.5 s"));
  protocol.fixed_passes = 1000;
  EXPECT_FALSE(has(measure({{"a", {.time = {0.005}, .energy = {5}}}}).at(0).remarks, "refreshes"));
}

TEST_F(Measure, WaitsForTheDeviceToCoolAtMostAMinute) {
  sensor.state_.temperature_c = 70;
  protocol.cool_to_c = 60;
  protocol.fixed_passes = 100;
  const Measured m = measure({{"a", {}}}).at(0);
  EXPECT_TRUE(has(m.remarks, "did not cool to 60 C"));
  EXPECT_GT(device.now().value, 60);
  EXPECT_LT(device.now().value, 75);
}

TEST_F(Measure, AMeterThatIsGoneLosesNothingThatWasDone) {
  FaultySensor going(device, {.gone_at = {45}});
  meters = {&going};
  const auto all = measure({{"a", {}}, {"b", {.memory_for_one = true}}});  // b runs alone, after a
  EXPECT_EQ(all[0].failure, "");
  EXPECT_EQ(all[0].rows.size(), 1u);
  EXPECT_EQ(all[1].failure, "the sensor is gone; plug it in");
  EXPECT_TRUE(all[1].meter_gone);
  EXPECT_TRUE(all[1].rows.empty());
}

TEST_F(Measure, WarmingUpEndsOnRequest) {
  protocol.warm_up = {1e6};
  measure({{"a", {}}}, [&](const Progress&) { return device.now().value < 10; });
  EXPECT_LT(device.now().value, 30);
}

TEST_F(Measure, ASensorThatAveragesHasForgottenWhatCameBeforeAWindowStarts) {
  LaggingSensor lagging(device);
  meters = {&lagging};
  const std::map<std::string, Work> work = {{"a", {.energy = {2}}}, {"b", {.energy = {0.3}}}};
  EXPECT_LT(*measure(work).at(0).rows.at(0).energy_j, 1.8);
  lagging.info_.averaging_window = Seconds{1};
  EXPECT_NEAR(*measure(work).at(0).rows.at(0).energy_j, 2, 0.02);
}

using Fault = Work::Fault;

TEST_F(Measure, ARefusedTaskIsAResultAndTheOthersGoOn) {
  const auto all = measure({{"a", {.fault = Fault::refused}}, {"b", {}}});
  EXPECT_EQ(all[0].failure, "no such operator");
  EXPECT_TRUE(all[0].rows.empty());
  EXPECT_EQ(all[1].rows.size(), 1u);
}

TEST_F(Measure, OutOfMemoryBesideOthersIsTriedAlone) {
  const auto all = measure({{"a", {}}, {"b", {.memory_for_one = true}}, {"c", {.fault = Fault::out_of_memory}}});
  EXPECT_EQ(all[0].rows.size(), 1u);
  EXPECT_EQ(all[1].rows.size(), 1u) << all[1].failure;
  EXPECT_EQ(all[2].failure, "out of memory");
}

TEST_F(Measure, ACrashIsTheFaultOfOneTask) {
  auto all = measure({{"a", {}}, {"b", {.fault = Fault::crash_running}}, {"c", {}}});
  EXPECT_TRUE(all[0].interrupted);
  EXPECT_EQ(all[0].failure, "");
  EXPECT_EQ(all[1].failure, "crashed: signal 9");
  EXPECT_FALSE(all[1].interrupted);
  EXPECT_TRUE(all[2].interrupted);
  all = measure({{"a", {}}, {"b", {.fault = Fault::crash_preparing}}, {"c", {}}});
  EXPECT_TRUE(all[0].interrupted && all[2].interrupted);
  EXPECT_EQ(all[1].failure, "crashed: signal 11");
}

TEST_F(Measure, StopsEarlyWithWhatThereIs) {
  std::vector<int64_t> windows;
  auto all = measure({{"a", {}}, {"b", {}}}, [&](const Progress& p) {
    windows.push_back(p.windows);
    return p.windows < 3;
  });
  EXPECT_EQ(windows.back(), 3);
  const Measured& stopped = all[0].windows.size() == 3 ? all[0] : all[1];
  EXPECT_TRUE(has(stopped.remarks, "stopped after 3 windows"));
  EXPECT_TRUE(stopped.rows.at(0).energy_ci95_j);
  all = measure({{"a", {}}}, [](const Progress&) { return false; });
  EXPECT_TRUE(all[0].interrupted);
  EXPECT_TRUE(all[0].rows.empty());
}

TEST_F(Measure, ARunnerKilledByTheUsersStopIsNobodysFault) {
  bool stop = false;
  const auto all = measure({{"a", {.fault = Fault::crash_running}}, {"b", {}}}, [&](const Progress& p) {
    stop = stop || runner->runs.size() > 10;
    return !stop || p.windows > 0;
  });
  EXPECT_EQ(all[0].failure + all[1].failure, "");
}

}  // namespace
}  // namespace wattlayer::test
