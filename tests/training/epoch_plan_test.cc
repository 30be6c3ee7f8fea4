#include "wattlayer/training/epoch_plan.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(EpochPlan, AFixedRunHasOneEnd) {
  const EpochPlan plan = EpochPlan::fixed(50);
  EXPECT_TRUE(plan.is_fixed());
  EXPECT_EQ(plan.expected(), 50);
  EXPECT_FALSE(plan.after(51));
  EXPECT_THROW(EpochPlan::fixed(0), Error);
}

TEST(EpochPlan, EveryEndBetweenTheBoundsCountsAlike) {
  const EpochPlan plan = EpochPlan::between(11, 20);
  EXPECT_EQ(plan.ends().size(), 10u);
  EXPECT_DOUBLE_EQ(plan.expected(), 15.5);
  EXPECT_DOUBLE_EQ(plan.after(18)->expected(), 19);
  EXPECT_EQ(EpochPlan::between(1, 1000000).latest(), 1000000);
  EXPECT_THROW(EpochPlan::between(21, 20), Error);
}

TEST(EpochPlan, EarlierRunsThatEndedBeforeTellNothingMore) {
  const std::vector<int64_t> runs = {20, 30, 30, 60};
  const EpochPlan plan = EpochPlan::as_earlier(runs);
  EXPECT_DOUBLE_EQ(plan.expected(), 35);
  EXPECT_DOUBLE_EQ(plan.after(25)->expected(), 40);
  EXPECT_EQ(plan.after(60)->expected(), 60);
  EXPECT_FALSE(plan.after(61));
  EXPECT_THROW(EpochPlan::as_earlier({}), Error);
  const std::vector<int64_t> none = {0};
  EXPECT_THROW(EpochPlan::as_earlier(none), Error);
}

TEST(EpochPlan, PatienceCountsFromTheBestValue) {
  const std::vector<double> loss = {0.9, 0.5, 0.6, 0.55};
  EXPECT_EQ(earliest_stop(loss, 3, true), 5);
  EXPECT_EQ(earliest_stop(loss, 1, true), 4) << "not before the last epoch seen";
  EXPECT_EQ(earliest_stop(loss, 3, false), 4);
  EXPECT_EQ(earliest_stop({}, 3, true), 0);
}

}  // namespace
}  // namespace wattlayer
