#include "wattlayer/bench/repetition_curve.h"

#include <gtest/gtest.h>

#include "tests/bench/simulated_bench.h"

namespace wattlayer::test {
namespace {

TEST(RepetitionCurve, FallsWithRepetitions) {
  SimulatedDevice device(Watts{20});
  FaultySensor sensor(device, {.phase = {0.02}});
  Meter* meter = &sensor;
  ScriptedRunner runner(device, {{"a", {.time = {0.004}, .energy = {0.6}}}});
  const RepetitionCurve curve = repetition_curve(named_task("a"), runner, {}, {&meter, 1}, {}, device);
  ASSERT_GE(curve.points.size(), 9u);
  std::vector<int64_t> passes;
  for (const RepetitionPoint& p : curve.points) {
    passes.push_back(p.passes);
    EXPECT_EQ(p.windows, 9u);
  }
  EXPECT_EQ(std::vector<int64_t>(passes.begin(), passes.begin() + 9), (std::vector<int64_t>{1, 2, 5, 10, 20, 50, 100, 200, 500}));
  // A pass of 4 ms before a sensor of 100 ms: mostly nothing is counted, which is an error of 100 %, not an energy of 0.
  EXPECT_NEAR(curve.points.front().median_error, 1, 1e-9);
  double largest = 0;
  for (const RepetitionPoint& p : curve.points) largest = std::max(largest, p.max_error);
  EXPECT_GT(largest, 3);  // a window that met a refresh got the energy of 100 ms
  EXPECT_LT(curve.points.back().median_error, 0.03);
  EXPECT_NEAR(*curve.reference.rows.at(0).energy_j, 0.6, 0.02);
}

TEST(RepetitionCurve, OfTimeWithoutAMeterAndOfNothingWhenTheTaskFails) {
  SimulatedDevice device(Watts{20});
  ScriptedRunner runner(device, {{"a", {}}, {"b", {.fault = Work::Fault::refused}}});
  const RepetitionCurve curve = repetition_curve(named_task("a"), runner, {}, {}, {}, device);
  EXPECT_TRUE(curve.of_time);
  EXPECT_NEAR(curve.points.front().max_error, 0, 1e-9);
  EXPECT_TRUE(repetition_curve(named_task("b"), runner, {}, {}, {}, device).points.empty());
}

}  // namespace
}  // namespace wattlayer::test
