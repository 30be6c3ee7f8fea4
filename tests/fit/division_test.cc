#include "wattlayer/fit/division.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/other_blocks.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// 3 devices x 12 rows; blocks of 3 rows; the last row of a device is a sweep; tasks alternate.
std::vector<Measurement> rows() {
  std::vector<Measurement> all;
  for (const char* device : {"p100", "v100", "a40"})
    for (int i = 0; i < 12; ++i) {
      Measurement m{.hardware = device, .engine = "pytorch"};
      m.workload = {.name = "n", .items = {{.layer = parse_layer("Relu 1x8")}}, .is_network = true};
      m.energy_j = 1 + i;
      m.time_s = 0.5;
      m.dataset = "d";
      m.kind = "network";
      m.row = std::string(device) + std::to_string(i);
      m.block = "b" + std::to_string(i / 3);
      m.conditions["task"] = i % 2 ? "vision" : "language";
      if (i == 11) m.conditions["sweep"] = "clock";
      all.push_back(m);
    }
  return all;
}

Split network_split(Split::Kind kind) { return {.name = "s", .kind = kind, .train = {"network"}, .test = {"network"}}; }

TEST(Division, OtherBlocksOfTheDeviceTrainWithAllOthers) {
  const auto all = rows();
  Split split = network_split(Split::Kind::leave_hardware);
  split.calibration_rows = {other_blocks};
  const auto parts = divide(all, split);
  ASSERT_EQ(parts.size(), 12u);  // 3 devices x 4 blocks
  std::set<size_t> tested;
  for (const SplitPart& part : parts) {
    EXPECT_EQ(part.test.size(), 3u);
    EXPECT_EQ(part.train.size(), 33u);
    EXPECT_EQ(part.pooled, "all");
    for (size_t t : part.test) {
      EXPECT_TRUE(tested.insert(t).second);
      for (size_t i : part.train) EXPECT_FALSE(all[i].hardware == all[t].hardware && all[i].block == all[t].block);
    }
  }
  EXPECT_EQ(tested.size(), 36u);
}

TEST(Division, FoldsLeaveWholeBlocksOutTogether) {
  const auto all = rows();
  Split split = network_split(Split::Kind::leave_block);
  split.folds = 2;
  const auto parts = divide(all, split);
  ASSERT_EQ(parts.size(), 2u);
  size_t tested = 0;
  for (const SplitPart& part : parts) {
    std::set<std::string> left_out;
    for (size_t i : part.test) left_out.insert(all[i].block);
    EXPECT_EQ(left_out.size(), 2u);
    for (size_t i : part.train) EXPECT_FALSE(left_out.contains(all[i].block));
    EXPECT_EQ(part.train.size() + part.test.size(), all.size());
    EXPECT_EQ(part.pooled, "all");
    tested += part.test.size();
  }
  EXPECT_EQ(tested, all.size());
  split.folds = 9;  // more than there are blocks: each alone
  EXPECT_EQ(divide(all, split).size(), 4u);
}

TEST(Division, BlocksMayBeNamedByACondition) {
  Split split = network_split(Split::Kind::leave_block);
  split.by = "task";
  const auto parts = divide(rows(), split);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].unit, "language");
  EXPECT_EQ(parts[1].unit, "vision");
  EXPECT_EQ(parts[1].test.size(), 18u);
}

TEST(Division, RowsMayBeChosenByACondition) {
  const auto all = rows();
  Split split = network_split(Split::Kind::leave_block);
  split.without = "sweep";
  size_t tested = 0;
  for (const SplitPart& part : divide(all, split)) tested += part.test.size();
  EXPECT_EQ(tested, 33u);
  split.without = "";
  split.with = "sweep";
  split.by = "task";
  EXPECT_TRUE(divide(all, split).empty());  // one block is nothing to learn from
}

TEST(Division, DevicesAreLeftOutWithRowsOfTheirOwn) {
  const auto all = rows();
  Split split = network_split(Split::Kind::leave_hardware);
  split.calibration_rows = {0, 3, 7, 20};
  const auto parts = divide(all, split);
  ASSERT_EQ(parts.size(), 9u);  // 20 rows would leave no 5 to test
  std::set<size_t> tested;
  for (const SplitPart& part : parts) {
    const std::string& device = all[part.test[0]].hardware;
    const auto own = std::count_if(part.train.begin(), part.train.end(), [&](size_t i) { return all[i].hardware == device; });
    EXPECT_EQ(part.unit, device + ", K=" + std::to_string(own));
    EXPECT_EQ(part.pooled, "K=" + std::to_string(own));
    EXPECT_EQ(part.test.size(), 5u);
    for (size_t i : part.test) {
      EXPECT_EQ(all[i].hardware, device);
      EXPECT_EQ(std::count(part.train.begin(), part.train.end(), i), 0);
      tested.insert(i);
    }
  }
  EXPECT_EQ(tested.size(), 15u);  // the same rows, however many calibrate
}

/// Answers with the largest energy it saw of the target's own, and knows whether it saw one; takes 1 s.
class Largest : public Predictor {
 public:
  Largest(double value, bool known) : value_(value), known_(known) {}
  std::optional<Interval> energy_j(const Workload&) const override { return Interval{value_, value_, value_}; }
  std::optional<Prediction> predict(const Question& question) const override {
    if (question.conditions.at("task") == "vision") return std::nullopt;
    const Interval e{value_, value_, value_}, second{1, 1, 1};
    return Prediction{e, second, known_ ? Label::predicted : Label::extrapolated};
  }

 private:
  double value_;
  bool known_;
};

TEST(Evaluate, TheDeviceLeftOutIsTheTarget) {
  const auto all = rows();
  const DataFiles files;
  const Catalogue catalogue(files);
  Split split = network_split(Split::Kind::leave_hardware);
  split.calibration_rows = {0, 2};
  const Method method{.name = "largest", .fit = [](TrainingRows training, const Target& target) -> std::unique_ptr<Predictor> {
                        double largest = 0.5;
                        for (const Measurement* m : training)
                          if (m->hardware == target.hardware.id) largest = std::max(largest, *m->energy_j);
                        return std::make_unique<Largest>(largest, largest > 0.5);
                      }};
  const Evaluation result = evaluate(all, {&split, 1}, {&method, 1}, catalogue.hardware("p100"), catalogue.engine("pytorch"), {},
                                     {.catalogue = &catalogue, .setup = "x"});
  size_t pooled = 0;
  for (const EvaluationRow& row : result.rows) {
    EXPECT_EQ(row.hardware, "each in turn");
    EXPECT_EQ(row.setup, "x");
    ASSERT_TRUE(row.score) << row.unit_left_out;
    ASSERT_TRUE(row.time);
    EXPECT_DOUBLE_EQ(row.time->mape, 100);
    const bool own = row.unit_left_out.ends_with("K=2");
    EXPECT_EQ(row.predicted.has_value(), own);
    EXPECT_EQ(row.extrapolated.has_value(), !own);
    EXPECT_EQ(row.pooled, row.unit_left_out.starts_with("K="));
    pooled += row.pooled;
  }
  EXPECT_EQ(pooled, 2u);
}

TEST(Evaluate, StopsBetweenFitsAndKeepsWhatIsDone) {
  const auto all = rows();
  const Split split = network_split(Split::Kind::leave_block);
  size_t asked = 0;
  const Method method{.name = "m", .fit = [](TrainingRows, const Target&) -> std::unique_ptr<Predictor> {
                        return std::make_unique<Largest>(1, true);
                      }};
  const std::vector<Method> methods = {method, method};
  const Evaluation result = evaluate(all, {&split, 1}, methods, {}, {}, {}, {.stop = [&] { return ++asked > 6; }});
  EXPECT_GT(result.rows.size(), 0u);
  EXPECT_LT(result.rows.size(), 10u);
}

}  // namespace
}  // namespace wattlayer
