#include "wattlayer/training/projection.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/training/runs.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using test::epochs_of;

Projection projected(std::string_view method, const std::vector<Epoch>& seen, double planned,
                     const ProjectionOptions& options = {}) {
  return project(require_projection_method(method), seen, EpochPlan::fixed(static_cast<int64_t>(planned)), options);
}

/// 300 100 100 ... 100
std::vector<Epoch> with_start_up(size_t count) {
  std::vector<double> energies(count, 100);
  energies[0] = 300;
  return epochs_of(energies);
}

TEST(Projection, CarbontrackerTakesTheFirstEpochForAll) {
  EXPECT_DOUBLE_EQ(projected("carbontracker", with_start_up(4), 20).total.value, 300 * 20);
  EXPECT_DOUBLE_EQ(projected("carbontracker", with_start_up(4), 20, {.first = 4}).total.value, 150 * 20);
  EXPECT_DOUBLE_EQ(projected("carbontracker", with_start_up(4), 20, {.first = 0}).total.value, 150 * 20);
}

TEST(Projection, SkipKeepsWhatWasMeasured) {
  EXPECT_DOUBLE_EQ(projected("skip-k", with_start_up(4), 20).total.value, 300 + 19 * 100);
  const std::vector<Epoch> seen = epochs_of({300, 100, 140, 999});
  EXPECT_DOUBLE_EQ(projected("skip-k", seen, 20, {.window = 2, .skip = 1}).total.value, 300 + 100 + 140 + 999 + 16 * 120);
}

TEST(Projection, StepTakesTheMeanOfItsWindow) {
  std::vector<double> energies(10, 200);
  for (const double e : {100, 110, 90, 105, 95}) energies.push_back(e);
  energies.push_back(5000);  // after the window: STEP looks no more
  const std::vector<Epoch> seen = epochs_of(energies);
  EXPECT_DOUBLE_EQ(projected("step", seen, 50).total.value, 10 * 200 + 40 * 100);
  EXPECT_THROW(projected("step", epochs_of(std::vector<double>(14, 1)), 50), Error);
  EXPECT_DOUBLE_EQ(projected("step", seen, 50, {.window = 1, .start = 1}).total.value, 200 + 49 * 200);
}

TEST(Projection, StepPowerIsPowerTimesDuration) {
  std::vector<Epoch> seen = epochs_of(std::vector<double>(15, 100));  // 1 s of 100 W each
  EXPECT_NEAR(projected("step-power", seen, 50, {.duration = Seconds{80}}).total.value, 8000, 1e-9);
  EXPECT_NEAR(projected("step-power", seen, 50).total.value, 5000, 1e-9);
  seen[3].duration.reset();
  EXPECT_THROW(projected("step-power", seen, 50), Error);
}

TEST(Projection, TooFewAndTooManyEpochsAreSaid) {
  EXPECT_THROW(projected("skip-k", with_start_up(1), 20), Error);
  EXPECT_THROW(projected("carbontracker", with_start_up(21), 20), Error);
  EXPECT_THROW(require_projection_method("guess"), Error);
  const Projection done = projected("carbontracker", with_start_up(20), 20);
  EXPECT_DOUBLE_EQ(done.total.value, 300 + 19 * 100) << "measured, not projected";
}

class Ours : public testing::Test {
 protected:
  static void SetUpTestSuite() { learned_ = new LearnedProjection(learn_projection(test::made_up_runs(1.1))); }
  static void TearDownTestSuite() { delete learned_; }
  static Projection ours(const std::vector<Epoch>& seen, const EpochPlan& plan) {
    return project(require_projection_method("ours"), seen, plan, {.learned = learned_});
  }
  static LearnedProjection* learned_;
};
LearnedProjection* Ours::learned_ = nullptr;

TEST_F(Ours, OneEpochHasAWideIntervalAndSaysSo) {
  const Projection one = ours(with_start_up(1), EpochPlan::fixed(50)), many = ours(with_start_up(20), EpochPlan::fixed(50));
  ASSERT_EQ(one.remarks.size(), 1u);
  EXPECT_NE(one.remarks[0].find("interval is wide"), std::string::npos);
  EXPECT_TRUE(many.remarks.empty());
  EXPECT_GT(one.interval->high / one.interval->low, 1.3 * (many.interval->high / many.interval->low));
}

TEST_F(Ours, IntervalHoldsTheProjectionAndNarrows) {
  double before = 1e9;
  for (const size_t seen : {2, 3, 6, 12, 24, 40}) {
    const Projection p = ours(with_start_up(seen), EpochPlan::fixed(50));
    EXPECT_LT(p.interval->low, p.total) << seen;
    EXPECT_GT(p.interval->high, p.total) << seen;
    const double width = (p.interval->high - p.interval->low).value;
    EXPECT_LT(width, before) << seen;
    before = width;
  }
}

TEST_F(Ours, IsOfNoUnitAndOfNoSize) {
  std::vector<Epoch> seen = epochs_of({300, 120, 100, 110}), scaled = seen;
  for (Epoch& epoch : scaled) epoch.energy = epoch.energy * 1000;
  EXPECT_NEAR(ours(scaled, EpochPlan::fixed(50)).total / ours(seen, EpochPlan::fixed(50)).total, 1000, 1e-6);
}

TEST_F(Ours, EarlyStoppingWidensTheInterval) {
  const std::vector<Epoch> seen = with_start_up(10);
  const Projection fixed = ours(seen, EpochPlan::fixed(40)), open = ours(seen, EpochPlan::between(30, 50));
  EXPECT_NEAR(open.total / fixed.total, 1, 0.01);
  EXPECT_LT(open.interval->low, fixed.interval->low);
  EXPECT_GT(open.interval->high, fixed.interval->high);
}

TEST_F(Ours, AMixOfOneEndIsTheFixedInterval) {
  const std::vector<Epoch> seen = with_start_up(10);
  const std::vector<int64_t> runs = {40, 40};
  const Projection a = ours(seen, EpochPlan::fixed(40)), b = ours(seen, EpochPlan::as_earlier(runs));
  EXPECT_DOUBLE_EQ(a.interval->low.value, b.interval->low.value);
}

TEST_F(Ours, KnowsNoDurationWhereThereIsNone) {
  std::vector<Epoch> seen = with_start_up(6);
  for (Epoch& epoch : seen) epoch.duration.reset();
  const Projection p = ours(seen, EpochPlan::fixed(50));
  EXPECT_FALSE(p.next_duration);
  EXPECT_NEAR(p.total.value, ours(with_start_up(6), EpochPlan::fixed(50)).total.value, 1) << "energies stand for durations";
}

TEST(Budget, IsPassedInTheEpochThatUsesItUp) {
  const std::vector<Epoch> seen = with_start_up(5);  // 700 J, 7 s
  const auto passed = budget_passed(Joules{1050}, seen, 50, Joules{100}, Seconds{1});
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->epoch, 9);
  EXPECT_NEAR(passed->time->value, 10.5, 1e-9);
  EXPECT_FALSE(passed->already);
  EXPECT_FALSE(budget_passed(Joules{5200}, seen, 50, Joules{100}, Seconds{1})) << "45 epochs more are 4500 J";
  const auto already = budget_passed(Joules{350}, seen, 50, Joules{100}, Seconds{1});
  EXPECT_TRUE(already->already);
  EXPECT_EQ(already->epoch, 2);
  EXPECT_NEAR(already->time->value, 3.5, 1e-9);
  EXPECT_FALSE(budget_passed(Joules{1050}, seen, 50, Joules{100}, std::nullopt)->time);
}

}  // namespace
}  // namespace wattlayer
