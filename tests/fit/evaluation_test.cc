#include "wattlayer/fit/evaluation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "tests/shared_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Measurement row(const std::string& name, const std::string& kind, const std::string& block, double energy,
                const std::string& layer = "Relu 1x8") {
  Measurement m{.hardware = "h", .engine = "e"};
  m.workload = {.name = name, .items = {{.layer = parse_layer(layer)}}, .is_network = kind == "network"};
  m.energy_j = energy;
  m.dataset = "d";
  m.row = name;
  m.kind = kind;
  m.block = block;
  m.scope = "board";
  return m;
}

std::vector<Measurement> rows() {
  std::vector<Measurement> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(row("r" + std::to_string(i), "random-layer", "r" + std::to_string(i), 1 + i, i % 2 ? "Relu 1x8" : "Tanh 1x8"));
  for (int i = 0; i < 4; ++i) all.push_back(row("n" + std::to_string(i), "network", i < 2 ? "a" : "b", 10 + i));
  all.push_back(row("failed", "network", "a", 1));
  all.back().failure = "broken";
  return all;
}

std::set<std::string> names(const std::vector<Measurement>& all, const std::vector<size_t>& positions) {
  std::set<std::string> result;
  for (size_t i : positions) result.insert(all[i].row);
  return result;
}

TEST(Split, ByKind) {
  const auto all = rows();
  const auto parts = divide(all, {.name = "s", .train = {"random-layer"}, .test = {"network"}});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].train.size(), 10u);
  EXPECT_EQ(names(all, parts[0].test), (std::set<std::string>{"n0", "n1", "n2", "n3"}));
  const auto some = divide(all, {.name = "s", .train = {"random-layer"}, .test = {"network"}, .train_share = 0.6, .seeds = {1}});
  EXPECT_EQ(some[0].train.size(), 6u);  // 3 of 5 of each operator
}

TEST(Split, LeavesWholeBlocksOut) {
  const auto all = rows();
  const auto parts = divide(all, {.name = "s", .kind = Split::Kind::leave_block, .train = {"network"}, .test = {"network"}});
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].unit, "a");
  EXPECT_EQ(names(all, parts[0].train), (std::set<std::string>{"n2", "n3"}));
  EXPECT_EQ(names(all, parts[0].test), (std::set<std::string>{"n0", "n1"}));
}

TEST(Split, RandomPartsAreDisjointAndRepeatable) {
  const auto all = rows();
  const Split split{.name = "s",
                    .kind = Split::Kind::random,
                    .train = {"random-layer"},
                    .test = {"random-layer"},
                    .train_share = 0.6,
                    .test_share = 0.2,
                    .seeds = {3, 4}};
  const auto parts = divide(all, split);
  ASSERT_EQ(parts.size(), 2u);
  for (const SplitPart& part : parts) {
    EXPECT_EQ(part.train.size(), 6u);
    EXPECT_EQ(part.test.size(), 2u);
    for (size_t i : part.test) EXPECT_EQ(std::count(part.train.begin(), part.train.end(), i), 0);
  }
  EXPECT_NE(parts[0].train, parts[1].train);
  EXPECT_EQ(divide(all, split)[1].train, parts[1].train);
}

TEST(Split, DrawsAsPandasDoes) {
  // numpy.random.RandomState(seed).permutation(n)
  EXPECT_EQ(drawn_order(10, 1234), (std::vector<size_t>{7, 2, 9, 1, 0, 8, 4, 5, 6, 3}));
  EXPECT_TRUE(drawn_order(0, 1).empty());
}

TEST(Split, WithoutTestRowsThereIsNoPart) {
  EXPECT_TRUE(divide(rows(), {.name = "s", .train = {"random-layer"}, .test = {"real-layer"}}).empty());
}

/// Predicts the mean of what it was given, and remembers it.
std::mutex seeing;
std::vector<std::vector<std::string>> seen;
class Mean : public Predictor {
 public:
  explicit Mean(double value) : value_(value) {}
  std::optional<Interval> energy_j(const Workload& workload) const override {
    if (workload.name == "n3") return std::nullopt;
    return Interval{value_, value_ / 2, value_ * 2};
  }

 private:
  double value_;
};
std::unique_ptr<Predictor> fit_mean(TrainingRows rows, const Target&) {
  std::vector<std::string> names;
  double sum = 0;
  for (const Measurement* m : rows) names.push_back(m->row), sum += *m->energy_j;
  const std::lock_guard lock(seeing);
  seen.push_back(names);
  return std::make_unique<Mean>(sum / static_cast<double>(rows.size()));
}
std::unique_ptr<Predictor> cannot_fit(TrainingRows, const Target&) { throw Error(ErrorKind::invalid_input, "not enough rows"); }

TEST(Evaluate, HandsOverTrainingRowsOnlyAndScoresTheRest) {
  const auto all = rows();
  seen.clear();
  const std::vector<Split> splits = {
      {.name = "blocks", .kind = Split::Kind::leave_block, .train = {"network"}, .test = {"network"}}};
  const std::vector<Method> methods = {{.name = "mean", .has_intervals = true, .fit = fit_mean},
                                       {.name = "mean2", .fit = fit_mean},
                                       {.name = "never", .fit = cannot_fit}};
  size_t calls = 0;
  const Evaluation result = evaluate(all, splits, methods, {}, {}, [&](auto&&...) { ++calls; });
  EXPECT_EQ(calls, 6u);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen[0], (std::vector<std::string>{"n0", "n1"}));
  EXPECT_EQ(seen.back(), (std::vector<std::string>{"n2", "n3"}));
  ASSERT_EQ(result.rows.size(), 9u);
  const EvaluationRow& pooled = result.rows[1];  // sorted: a, all, b
  EXPECT_EQ(pooled.unit_left_out, "all");
  EXPECT_EQ(pooled.level, "network");
  EXPECT_EQ(pooled.dataset, "d");
  ASSERT_TRUE(pooled.score);
  EXPECT_EQ(pooled.score->n, 3u);  // n3 is not covered
  EXPECT_DOUBLE_EQ(*pooled.score->coverage90, 100);
  EXPECT_DOUBLE_EQ(*pooled.score->width90, 2);
  EXPECT_DOUBLE_EQ(result.rows[0].score->max, 25);  // 12.5 for 10
  EXPECT_FALSE(result.rows[4].score->coverage90);
  EXPECT_FALSE(result.rows[7].score);
  EXPECT_EQ(result.rows[7].note, "not enough rows");
  EXPECT_EQ(result.points.size(), 6u);
}

TEST(Evaluate, StatesTheNoiseFloorOfRepeatedRows) {
  std::vector<Measurement> all;
  for (int i = 0; i < 6; ++i)
    for (double energy : {1.0, 2.0}) {
      const std::string name = fmt::format("{} {}", i, energy);
      all.push_back(row(name, "network", "block " + std::to_string(i), energy, fmt::format("Relu 1x{}", 8 * (i + 1))));
      all.back().conditions["system"] = energy > 1 ? "a" : "b";
    }
  const std::vector<Split> splits = {{.name = "s", .kind = Split::Kind::leave_block, .train = {"network"}, .test = {"network"}}};
  const std::vector<Method> mac_linear = {require_method("mac-linear")};
  const auto floor = [&](const EvaluationOptions& options) {
    const Evaluation result = evaluate(all, splits, mac_linear, {}, {}, {}, options);
    for (const EvaluationRow& r : result.rows)
      if (r.unit_left_out == "all") return r.noise_floor;
    return std::optional<NoiseFloor>();
  };
  EXPECT_FALSE(floor({}));  // conditions differ
  const auto found = floor({.labels = {"system"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->n, 12u);
  EXPECT_DOUBLE_EQ(found->mape, 25);
}

TEST(Evaluate, ReproducesThePaperOfGetznerEtAl) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "data/getzner")) GTEST_SKIP() << "needs data/getzner beside the project";
  const DataFiles files;
  const DatasetDescription description = require_dataset(files, "getzner");
  const ImportedRows imported = import_dataset(description, *shared / "data/getzner", files);
  std::vector<Method> getzner;
  for (const Method& method : methods())
    if (method.name == "getzner") getzner.push_back(method);
  const Evaluation result = evaluate(imported.measurements, description.splits, getzner, {}, {});
  std::map<std::string, double> r2;
  std::map<std::string, std::vector<double>> seeds;
  for (const EvaluationRow& row : result.rows) {
    if (!row.score || !row.score->r2) continue;
    r2[row.split + "/" + row.unit_left_out] = *row.score->r2;
    if (row.unit_left_out.starts_with("Conv, ")) seeds["Conv"].push_back(*row.score->r2);
  }
  // Figures of the paper: tables 2 and 4, figures 1 and 2.
  EXPECT_NEAR(r2["networks from random layers/all"], 0.352, 0.001);
  EXPECT_NEAR(r2["real layers from random layers/Conv"], 0.314, 0.001);
  EXPECT_NEAR(r2["real layers from random layers/MaxPool"], 0.559, 0.001);
  EXPECT_NEAR(r2["real layers from random layers/Gemm"], 0.977, 0.001);
  EXPECT_NEAR(r2["real layers from random layers/Relu"], -21.51, 0.01);
  EXPECT_NEAR(r2["random layers 70/20/10/Conv, seed 1234"], 0.9977, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/MaxPool, seed 1234"], 0.9995, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/Gemm, seed 1234"], 0.9992, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/Relu, seed 1234"], 0.9812, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/Sigmoid, seed 1234"], 0.9905, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/Tanh, seed 1234"], 0.9761, 0.0001);
  EXPECT_NEAR(r2["random layers 70/20/10/Softmax, seed 1234"], 0.9913, 0.0001);
  ASSERT_EQ(seeds["Conv"].size(), 20u);
  EXPECT_GE(*std::min_element(seeds["Conv"].begin(), seeds["Conv"].end()), 0.980);
  EXPECT_LE(*std::max_element(seeds["Conv"].begin(), seeds["Conv"].end()), 0.9995);
}

}  // namespace
}  // namespace wattlayer
