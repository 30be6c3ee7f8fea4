#include "wattlayer/bench/collect.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/bench/simple_runner.h"
#include "tests/temporary_folder.h"
#include "wattlayer/bench/adaptive.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/features/features.h"
#include "wattlayer/store/store.h"

namespace wattlayer {
namespace {

using test::SimpleMeasure;
using test::SimpleRunner;

struct CollectTest : testing::Test {
  Campaign campaign = parse_campaign(R"({"schema": 1, "title": "t", "protocol": {"group": 4, "idle_s": 0},
      "random": [{"layer": "Relu {n}", "ranges": {"n": [1000, 90000000]}, "count": 12},
                 {"layer": "Gemm {b}x{i} {o}x{i} {o} transB=1", "ranges": {"b": [1, 64], "i": [8, 4096], "o": [8, 4096]}, "count": 8}],
      "networks": [{"names": ["net:alexnet"], "batches": [1, 2]}]})",
                                     "c");
  TemporaryFolder folder;
  SimulatedDevice device{Watts{10}};
  SimpleMeasure double_{device};
  CampaignPlace place;
  CollectOptions options;
  int starts = 0;

  CollectTest() {
    const DataFiles files;
    place.engine = parse_engine(*files.read("engines", "pytorch.json"), "pytorch");
    place.hardware = parse_hardware(*files.read("hardware", "xeon-gold-5120.json"), "xeon-gold-5120");
    options.hardware = "xeon-gold-5120";
    options.meters = {{.meter = "fake", .domain = "0", .scope = "board", .method = "counter"}};
    options.start_runner = [this] { return ++starts, std::make_unique<SimpleRunner>(); };
    options.measure = [this](auto tasks, Runner& r, const Preparation& p, const ProgressCallback& c) {
      return double_(tasks, r, p, c);
    };
  }

  CollectResult run() {
    Store store(folder / "a.db");
    return collect(campaign, expand(campaign, place).items, place, store, device, options);
  }
  std::vector<Measurement> rows() { return Store(folder / "a.db").select(); }
};

TEST_F(CollectTest, MeasuresEveryItemOnceAndResumes) {
  const CollectResult first = run();
  EXPECT_EQ(first.measured, 22u);
  EXPECT_EQ(first.failed + first.left + first.present, 0u);
  EXPECT_EQ(rows().size(), 22u);
  for (const Measurement& row : rows()) {
    EXPECT_EQ(row.dataset, "c");
    EXPECT_EQ(row.hardware, "xeon-gold-5120");
    EXPECT_TRUE(row.row.ends_with(" [board]")) << row.row;
    EXPECT_FALSE(row.block.empty());
  }
  const CollectResult again = run();
  EXPECT_EQ(again.present, 22u);
  EXPECT_EQ(again.measured, 0u);
  EXPECT_EQ(rows().size(), 22u);
}

TEST_F(CollectTest, ACrashIsARowAndTheNeighboursAreMeasuredAfterAll) {
  double_.crashes_on = "Gemm";
  const CollectResult result = run();
  EXPECT_EQ(result.measured, 14u);
  EXPECT_EQ(result.failed, 8u);
  EXPECT_EQ(starts, 9);
  std::set<std::string> names;
  for (const Measurement& row : rows()) {
    EXPECT_TRUE(names.insert(row.row).second);
    EXPECT_EQ(row.failure.empty(), row.energy_j.has_value());
    EXPECT_EQ(row.failure.empty(), row.workload.name.find("Gemm") == std::string::npos) << row.failure;
  }
  EXPECT_EQ(names.size(), 22u);
}

TEST_F(CollectTest, FailuresAreTriedAgainOnlyOnRequestAndASuccessReplacesThem) {
  double_.crashes_on = "Gemm";
  run();
  double_.crashes_on = "";
  EXPECT_EQ(run().measured, 0u);
  options.retry_failed = true;
  EXPECT_EQ(run().measured, 8u);
  EXPECT_EQ(rows().size(), 22u);
  for (const Measurement& row : rows()) EXPECT_EQ(row.failure, "");
}

TEST_F(CollectTest, OutOfMemoryIsTriedAloneBeforeItCounts) {
  double_.runs_out_of_memory_on = "Gemm";
  const CollectResult result = run();
  EXPECT_EQ(result.failed, 8u);
  EXPECT_EQ(result.measured, 14u);
  EXPECT_GE(std::count(double_.groups.begin(), double_.groups.end(), 1u), 8);
}

TEST_F(CollectTest, TheBudgetIsKeptAndTheRestIsLeft) {
  // Each item takes the simple double a second; predictions learn that.
  options.budget = Seconds{12};
  campaign.protocol.min_windows = 2, campaign.protocol.warm_up = {0};
  const CollectResult result = run();
  EXPECT_LE(result.time.value, 12);
  EXPECT_GE(result.measured, 4u);
  EXPECT_EQ(result.measured + result.left, 22u);
}

TEST_F(CollectTest, StopKeepsWhatIsCommittedAndLeavesTheRest) {
  int looks = 0;
  options.stop = [&] { return ++looks > 14; };
  const CollectResult result = run();
  EXPECT_TRUE(result.stopped);
  EXPECT_GT(result.left, 0u);
  EXPECT_EQ(rows().size(), result.measured);
  options.stop = {};
  EXPECT_EQ(run().measured, result.left);
}

TEST_F(CollectTest, ProgressNeverGoesBackAndEndsAtTheTotal) {
  size_t last = 0;
  CollectProgress end;
  options.progress = [&](const CollectProgress& p) {
    EXPECT_GE(p.done, last);
    EXPECT_TRUE(std::isfinite(p.left.value));
    last = p.done, end = p;
  };
  run();
  EXPECT_EQ(end.done, 22u);
  EXPECT_EQ(end.total, 22u);
  EXPECT_NEAR(end.left.value, 0, 1e-6);
}

TEST_F(CollectTest, AnUnreadableBatchIsAFailureRowOfTheNetwork) {
  std::vector<CampaignItem> items = expand(campaign, place).items;
  std::erase_if(items, [](const CampaignItem& item) { return item.kind != "network"; });
  items[0].obstacle = "cannot set batch 2";
  Store store(folder / "a.db");
  const CollectResult result = collect(campaign, items, place, store, device, options);
  EXPECT_EQ(result.failed, 1u);
  EXPECT_EQ(result.measured, 1u);
  EXPECT_EQ(store.select()[0].failure, "cannot set batch 2");
}

TEST_F(CollectTest, AdaptiveRoundsAddPointsWhereErrorsAreLargeAndResumeDoesNotRepeatThem) {
  campaign.adaptive = {.rounds = 2, .points = 5, .after = 1000};
  campaign.random[0].count = 20;
  const CollectResult first = run();
  EXPECT_EQ(first.measured, 30u + 10u);
  std::map<std::string, int> rounds;
  std::set<std::string> names;
  for (const Measurement& row : rows()) {
    EXPECT_TRUE(names.insert(row.row).second);
    if (row.conditions.contains("round")) ++rounds[row.conditions.at("round")];
  }
  EXPECT_EQ(rounds["1"], 5);
  EXPECT_EQ(rounds["2"], 5);
  EXPECT_EQ(run().measured, 0u);
}

TEST_F(CollectTest, AdaptivePointsLieNearTheWorstRows) {
  // Gemm rows follow one law, Relu rows are noise: the points must be Relus.
  run();
  std::vector<Measurement> measured;
  for (Measurement& row : Store(folder / "a.db").select({.kind = "random-layer"})) {
    const bool relu = row.workload.items[0].layer.op == "Relu";
    const Features f = features(row.workload.items[0].layer, *place.hardware, place.engine);
    const double sound = 1e-5 + 1e-10 * f.macs;
    row.time_s = relu ? 1e-4 * std::exp(static_cast<double>(measured.size() % 7)) : sound;
    row.energy_j = *row.time_s * 70;
    measured.push_back(std::move(row));
  }
  campaign.adaptive = {.rounds = 1, .points = 6, .after = 1};
  const auto points = propose(campaign, place, measured, DataType::f32, {.number = 1, .missing = 6});
  ASSERT_EQ(points.size(), 6u);
  for (const CampaignItem& point : points) EXPECT_EQ(point.op, "Relu");
}

TEST(RowEndings, AreOfTheScopeSoThatTwoMachinesAgree) {
  const MeterInfo gpu{.meter = "nvml", .domain = "3", .scope = "gpu-board"}, a{.scope = "cpu-package"}, b{.scope = "cpu-package"};
  EXPECT_EQ(row_endings(std::vector{gpu, a, b}),
            (std::vector<std::string>{" [gpu-board]", " [cpu-package]", " [cpu-package 2]"}));
  EXPECT_EQ(row_endings({}), std::vector<std::string>{""});
}

}  // namespace
}  // namespace wattlayer
