#include "wattlayer/training/projection_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/shared_folder.h"
#include "tests/training/runs.h"
#include "wattlayer/datasets/series.h"

namespace wattlayer {
namespace {

const EvaluationRow& row_of(const Evaluation& evaluation, const std::string& method, size_t seen) {
  for (const EvaluationRow& row : evaluation.rows)
    if (row.method == method && row.epochs_seen == seen) return row;
  throw std::runtime_error(method + " has no row");
}

TEST(ProjectionEvaluation, ScoresEveryMethodAgainstTheMeasuredTotal) {
  const Evaluation e = evaluate_projections(test::made_up_runs(1.1), {.dataset = "made up", .split = "blocks"});
  EXPECT_EQ(row_of(e, "skip-1", 2).score->n, 48u);
  EXPECT_NEAR(row_of(e, "skip-1", 2).score->medape, 8.5, 1.5) << "the second epoch is 10 % below all others";
  EXPECT_LT(row_of(e, "ours", 2).score->medape, 4);
  EXPECT_FALSE(row_of(e, "step", 10).score);
  EXPECT_EQ(row_of(e, "step", 10).note, "needs 15 epochs");
  EXPECT_TRUE(row_of(e, "step", 15).score);
  EXPECT_FALSE(row_of(e, "step", 15).score->coverage90);
  EXPECT_TRUE(row_of(e, "ours", 6).score->coverage90);
}

TEST(ProjectionEvaluation, TooFewBlocksLeaveOursWithoutAFigureAndSayWhy) {
  std::vector<EpochSeries> runs = test::made_up_runs(1.1);
  std::erase_if(runs, [](const EpochSeries& run) { return run.block > "1"; });
  const Evaluation e = evaluate_projections(runs, {});
  EXPECT_FALSE(row_of(e, "ours", 6).score);
  EXPECT_NE(row_of(e, "ours", 6).note.find("expected 3 or more"), std::string::npos);
  EXPECT_TRUE(row_of(e, "skip-1", 6).score);
}

TEST(ProjectionEvaluation, FewBlocksTakeWhatWasLearnedElsewhereUnlessItKnowsThem) {
  const std::vector<EpochSeries> many = test::made_up_runs(1.1);
  const LearnedProjection elsewhere = learn_projection(many);
  std::vector<EpochSeries> few = many;
  std::erase_if(few, [](const EpochSeries& run) { return run.block > "1"; });
  const auto scored = [&](std::set<std::string> known) {
    const Evaluation e = evaluate_projections(
        few, {.hardware = "h", .epochs_seen = {6}, .elsewhere = &elsewhere, .elsewhere_blocks = std::move(known)});
    const auto row = std::find_if(e.rows.begin(), e.rows.end(), [](const EvaluationRow& r) { return r.method == "ours"; });
    return row->score ? row->score->n : 0;
  };
  EXPECT_EQ(scored({}), 12u);
  EXPECT_EQ(scored({"h/0"}), 6u);
  EXPECT_EQ(scored({"h/0", "h/1"}), 0u);
}

TEST(ProjectionEvaluation, ReachesWhatIsAskedOnEnergydlFull) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no ../shared: energydl-full is not there";
  const DatasetDescription description = require_dataset(DataFiles(), "energydl-full");
  const std::vector<RunsRead> read = read_series(description, *shared / "data/energydl-full");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].runs.size(), 72u);
  EXPECT_EQ(read[0].too_short, 16u);
  const Evaluation e = evaluate_projections(read[0].runs, {.dataset = description.id, .split = description.splits[0].name});
  EXPECT_NEAR(row_of(e, "carbontracker", 1).score->mape, 68.0, 0.1);
  EXPECT_NEAR(row_of(e, "skip-1", 3).score->mape, 6.40, 0.01);
  EXPECT_NEAR(row_of(e, "skip-1", 6).score->mape, 5.58, 0.01);
  EXPECT_NEAR(row_of(e, "step", 15).score->mape, 2.72, 0.01);
  EXPECT_LE(row_of(e, "ours", 3).score->mape, 6);
  EXPECT_LE(row_of(e, "ours", 3).score->medape, 2.3);
  EXPECT_LE(row_of(e, "ours", 6).score->mape, 5);
  EXPECT_LE(row_of(e, "ours", 6).score->medape, 1.8);
  const auto pooled = std::find_if(e.rows.begin(), e.rows.end(),
                                   [](const EvaluationRow& row) { return row.method == "ours" && !row.epochs_seen; });
  ASSERT_NE(pooled, e.rows.end());
  ASSERT_TRUE(pooled->score && pooled->score->coverage90) << pooled->note;
  EXPECT_NEAR(*pooled->score->coverage90, 90, 3);
}

}  // namespace
}  // namespace wattlayer
