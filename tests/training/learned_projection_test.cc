#include "wattlayer/training/learned_projection.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/training/runs.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using test::epochs_of;
using test::made_up_runs;

TEST(EpochSignals, AreLogarithmsOfRatios) {
  const EpochSignals s = signals_of(epochs_of({200, 100, 120, 80}), 24);
  EXPECT_DOUBLE_EQ(s.reference_j, 100);
  EXPECT_DOUBLE_EQ(s.values[0], 1);
  EXPECT_NEAR(s.values[1], std::log(2), 1e-12);
  EXPECT_NEAR(s.values[2], std::log(0.8), 1e-12);
  EXPECT_DOUBLE_EQ(s.values[3], 0) << "the first epoch was not the cheapest";
  EXPECT_NEAR(s.values[4], 1.0 / 20, 1e-12);
  EXPECT_NEAR(s.values[5], 0, 1e-12);
  EXPECT_NEAR(s.recent, 0, 1e-12);
  EXPECT_EQ(s.stable_since, 1u);
}

TEST(EpochSignals, OfOneEpochAreThatEpoch) {
  const EpochSignals s = signals_of(epochs_of({200}), 24);
  EXPECT_DOUBLE_EQ(s.reference_j, 200);
  for (size_t i = 1; i < EpochSignals::count; ++i) EXPECT_EQ(s.values[i], 0) << EpochSignals::names[i];
  EXPECT_GT(s.scale, signals_of(epochs_of({200, 100, 100, 100}), 24).scale);
}

TEST(LearnedProjection, LearnsADriftThatTheEpochsSeenDoNotShow) {
  const LearnedProjection learned = learn_projection(made_up_runs(1.2, 0.01));
  const EpochSignals s = signals_of(epochs_of({1500, 1000}), 40);
  EXPECT_NEAR(std::exp(learned.correction(s, 2)), std::pow(1.2, 2.0 / 3), 0.02) << "two thirds are learned, a third stays";
  const LearnedProjection flat = learn_projection(made_up_runs(1.0, 0.01));
  EXPECT_NEAR(flat.correction(s, 2), 0, 0.01);
}

TEST(LearnedProjection, IntervalIsAsWideAsTheNoise) {
  const auto width = [](const LearnedProjection& learned) { return learned.of(10).high - learned.of(10).low; };
  EXPECT_GT(width(learn_projection(made_up_runs(1, 0.1))), 1.5 * width(learn_projection(made_up_runs(1, 0.001))));
}

TEST(LearnedProjection, NeedsRunsOfSeveralBlocks) {
  std::vector<EpochSeries> runs = made_up_runs(1);
  std::erase_if(runs, [](const EpochSeries& run) { return run.block > "1"; });
  EXPECT_THROW(learn_projection(runs), Error);
  EXPECT_THROW(learn_projection({}), Error);
}

TEST(LearnedProjection, ReachesAsFarAsTwoBlocksDo) {
  std::vector<EpochSeries> runs = test::made_up_runs(1.1);
  for (EpochSeries& run : runs)
    if (run.block != "0") run.epochs.resize(8);
  const LearnedProjection learned = learn_projection(runs);
  EXPECT_LT(learned.after.size(), 12u);  // block 0 alone goes on
  for (const LearnedProjection::After& after : learned.after) EXPECT_TRUE(after.low < 0 && after.high > 0);
  parse_projection(print_projection(learned));
}

TEST(LearnedProjection, TextGoesThereAndBack) {
  const LearnedProjection learned = learn_projection(made_up_runs(1.1));
  const LearnedProjection back = parse_projection(print_projection(learned));
  ASSERT_EQ(back.after.size(), learned.after.size());
  for (size_t i = 0; i < back.after.size(); ++i) {
    EXPECT_EQ(back.after[i].weights, learned.after[i].weights);
    EXPECT_EQ(back.after[i].low, learned.after[i].low);
  }
  EXPECT_THROW(parse_projection("{}"), Error);
  EXPECT_THROW(parse_projection("no JSON"), Error);
}

TEST(LearnedProjection, TheShippedOneSaysWhatItWasLearnedFrom) {
  const auto text = DataFiles().read("energy_models", "training-epochs.json");
  ASSERT_TRUE(text);
  const LearnedProjection shipped = parse_projection(*text);
  EXPECT_EQ(shipped.after.size(), 30u);
  EXPECT_NE(shipped.card.find("energydl-full"), std::string::npos);
  EXPECT_NE(shipped.card.find("licence"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer
