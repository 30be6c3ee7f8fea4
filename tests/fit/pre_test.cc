#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "tests/shared_folder.h"
#include "wattlayer/core/catalogue.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/division.h"
#include "wattlayer/fit/kernel_ridge.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/fit/training_facts.h"

/// PRE and the formulas beside it on the rows that its published estimators were trained on.
namespace wattlayer {
namespace {

class PublishedPre : public testing::Test {
 protected:
  void SetUp() override {
    const auto shared = shared_folder();
    if (!shared || !std::filesystem::exists(*shared / "data" / "gaissa-pre")) GTEST_SKIP() << "needs data/gaissa-pre";
    rows = import_dataset(require_dataset(files, "gaissa-pre"), *shared / "data" / "gaissa-pre", files).measurements;
    ASSERT_EQ(rows.size(), 857u);
  }

  /// Mean |predicted / measured - 1| in percent when the rows of each group in turn are predicted from all others, over rows.
  double mape(const char* method, const std::function<std::string(const Measurement&)>& group) const {
    std::map<std::string, std::vector<const Measurement*>> groups;
    for (const Measurement& m : rows) groups[group(m)].push_back(&m);
    double sum = 0;
    for (const auto& [name, test] : groups) {
      std::vector<const Measurement*> train;
      for (const auto& [other, own] : groups)
        if (other != name) train.insert(train.end(), own.begin(), own.end());
      std::map<std::string, std::unique_ptr<Predictor>> on;
      for (const Measurement* m : test) {
        std::unique_ptr<Predictor>& predictor = on[m->hardware];
        if (!predictor)
          predictor =
              require_method(method).fit(train, {catalogue.hardware(m->hardware), catalogue.engine(m->engine), &catalogue});
        sum += std::abs(predictor->predict({m->workload, m->dtype, m->conditions})->energy_j.value / *m->energy_j - 1);
      }
    }
    return 100 * sum / static_cast<double>(rows.size());
  }

  /// Mean over ten seeds of five random folds: repeats of a configuration are on both sides.
  double at_random(const std::function<double(const Measurement&)>& target) const {
    std::vector<std::vector<double>> features;
    std::vector<double> targets;
    for (const Measurement& m : rows) {
      features.push_back(*pre_features(m.workload, m.conditions, catalogue.hardware(m.hardware)));
      targets.push_back(target(m));
    }
    double sum = 0;
    constexpr size_t seeds = 10, folds = 5;
    for (uint32_t seed = 0; seed < seeds; ++seed) {
      const std::vector<size_t> order = drawn_order(rows.size(), seed);
      for (size_t fold = 0; fold < folds; ++fold) {
        std::vector<std::vector<double>> some;
        std::vector<double> of_some;
        for (size_t i = 0; i < order.size(); ++i)
          if (i % folds != fold) some.push_back(features[order[i]]), of_some.push_back(targets[order[i]]);
        const KernelRidge ridge(std::move(some), of_some, {.alpha = 6.6447e-4, .gamma = 0.0441886});
        for (size_t i = fold; i < order.size(); i += folds) sum += std::abs(ridge(features[order[i]]) / targets[order[i]] - 1);
      }
    }
    return 100 * sum / static_cast<double>(seeds * rows.size());
  }

  const DataFiles files;
  const Catalogue catalogue{files};
  std::vector<Measurement> rows;
};

TEST_F(PublishedPre, RowsAtRandom) {
  const auto kilojoules = [](const Measurement& m) { return *m.energy_j * passes_of(m.conditions) / 1000; };
  const auto watts = [](const Measurement& m) { return *m.energy_j / *m.time_s; };
  EXPECT_NEAR(at_random(kilojoules), 6.1, 0.1);
  EXPECT_NEAR(at_random(watts), 2.1, 0.1);
}

TEST_F(PublishedPre, ConfigurationsLeftOut) {
  const auto configuration = [](const Measurement& m) { return m.block; };
  EXPECT_NEAR(mape("pre", configuration), 67, 0.5);
  EXPECT_NEAR(mape("pre-power", configuration), 29, 0.5);
}

TEST_F(PublishedPre, OneGpuLeftOut) {
  const auto device = [](const Measurement& m) { return m.hardware; };
  EXPECT_NEAR(mape("pre", device), 1003, 1);
  EXPECT_NEAR(mape("pre-power", device), 39, 0.5);
}

TEST(TrainingFormulas, ByHand) {
  Hardware hardware{.id = "gpu", .peak_flops = {{DataType::f32, 1e13}}, .tdp_w = 200};
  const Engine engine;
  const Workload workload{.batch = 32};
  const std::map<std::string, std::string> told = {
      {"duration_s", "100"},        {"passes", "50"}, {"total_ram_gb", "16"},     {"parameters", "1000000"},
      {"training_samples", "1000"}, {"epochs", "2"},  {"tokens_per_sample", "10"}};
  const auto joules = [&](const char* method, const std::map<std::string, std::string>& conditions) {
    const auto answer = require_method(method).fit({}, {hardware, engine})->predict({workload, DataType::f32, conditions});
    return answer ? std::optional(answer->energy_j.value) : std::nullopt;
  };
  EXPECT_DOUBLE_EQ(*joules("mlco2", told), 200 * 100 / 50.);
  EXPECT_DOUBLE_EQ(*joules("green-algorithms", told), (200 + 16 * 0.3725) * 100 / 50);
  EXPECT_DOUBLE_EQ(*joules("llmcarbon", told), 200 * 6 * 1e6 * 20000 / (1e13 * 0.4) / 50);
  for (const char* method : {"mlco2", "green-algorithms", "llmcarbon"}) EXPECT_FALSE(joules(method, {})) << method;
}

}  // namespace
}  // namespace wattlayer
