#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "tests/training/butter_runs.h"
#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/training_facts.h"
#include "wattlayer/training/butter_rows.h"
#include "wattlayer/training/methods.h"

namespace wattlayer {
namespace {

Method method(std::string_view name) {
  for (const Method& m : training_methods())
    if (m.name == name) return m;
  throw Error(ErrorKind::internal, "no such method");
}

class ButterMethods : public testing::Test {
 protected:
  ButterMethods()
      : rows(import_dataset(require_dataset(files, "butter-e"),
                            std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data/butter-e", files)) {}

  std::vector<const Measurement*> on(const std::string& hardware, size_t one_in = 1, size_t but = 0) const {
    std::vector<const Measurement*> found;
    size_t place = 0;
    for (const Measurement& m : rows.measurements)
      if (m.hardware == hardware && (place++ % one_in == 0) != (but > 0)) found.push_back(&m);
    return found;
  }

  std::unique_ptr<Predictor> fitted(std::string_view name, const std::string& hardware, TrainingRows training) const {
    return method(name).fit(training, {catalogue.hardware(hardware), catalogue.engine("tensorflow")});
  }

  double error(const Predictor& predictor, TrainingRows tested) const {
    double sum = 0;
    for (const Measurement* m : tested) sum += std::abs(predict(predictor, *m).energy_j.value / *m->energy_j - 1);
    return 100 * sum / static_cast<double>(tested.size());
  }

  static Prediction predict(const Predictor& predictor, const Measurement& m) {
    return predictor.predict({m.workload, m.dtype, m.conditions}).value();
  }

  DataFiles files;
  Catalogue catalogue{files};
  ImportedRows rows;
};

TEST_F(ButterMethods, EveryRunIsRead) {
  EXPECT_EQ(rows.measurements.size(), 100u);
  EXPECT_TRUE(rows.refused.empty()) << rows.refused.front().reason;
  EXPECT_EQ(on("eagle-cpu").size(), 50u);
  std::set<std::string> names;
  for (const Measurement& m : rows.measurements) {
    EXPECT_TRUE(names.insert(m.row).second) << m.row;
    const auto training = mlp_training(m.conditions);
    ASSERT_TRUE(training) << m.row;
    EXPECT_EQ(training->epochs, 3000);
    EXPECT_EQ(training->outputs(), m.conditions.at("outputs") == "1" ? 1 : std::stoll(m.conditions.at("outputs")));
  }
  // The first run of the file: 305966.3 J in 3,000 epochs of 4898 samples.
  EXPECT_NEAR(*rows.measurements[0].energy_j * passes_of(rows.measurements[0].conditions), 305966.3, 0.01);
  EXPECT_EQ(rows.measurements[0].conditions.at("outputs"), "7");
  EXPECT_EQ(rows.measurements[2].conditions.at("outputs"), "1") << "regression";
}

TEST_F(ButterMethods, PublishedCoefficientsAreThoseOfTheLaw) {
  EXPECT_NEAR(error(*fitted("butter-e-published", "eagle-cpu", {}), on("eagle-cpu")), 26.89, 0.01);
  EXPECT_NEAR(error(*fitted("butter-e-published", "eagle-gpu", {}), on("eagle-gpu")), 3.12, 0.01);
  EXPECT_THROW(fitted("butter-e-published", "v100", {}), Error);
}

TEST_F(ButterMethods, PublishedCoefficientsAreReadWhereTheCatalogueReads) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "butter_published";
  std::filesystem::create_directories(folder / "energy_models");
  std::string text = files.read("energy_models", "eagle-cpu.butter-e.json").value();
  text.replace(text.find("\"j_per_pass\": 1460"), 18, "\"j_per_pass\": 2920");
  std::ofstream(folder / "energy_models" / "eagle-cpu.butter-e.json") << text;
  const DataFiles overriding(folder);
  const Catalogue own(overriding);
  const auto predictor = method("butter-e-published").fit({}, {own.hardware("eagle-cpu"), own.engine("tensorflow"), &own});
  const Measurement& run = *on("eagle-cpu").front();
  EXPECT_GT(predict(*predictor, run).energy_j.value, predict(*fitted("butter-e-published", "eagle-cpu", {}), run).energy_j.value);
  std::filesystem::remove_all(folder);
}

TEST_F(ButterMethods, ThreeRunsTellNoInterval) {
  auto few = on("eagle-cpu");
  few.resize(3);
  const Interval energy = predict(*fitted("butter-e", "eagle-cpu", few), *few[0]).energy_j;
  EXPECT_EQ(energy.low, energy.high) << "which scores take for none";
}

TEST_F(ButterMethods, AFitToFourFifthsMeetsTheRest) {
  for (const auto& [hardware, most] : {std::pair{"eagle-cpu", 35.0}, {"eagle-gpu", 4.0}}) {
    const auto predictor = fitted("butter-e", hardware, on(hardware, 5, 1));
    const auto tested = on(hardware, 5);
    ASSERT_EQ(tested.size(), 10u);
    EXPECT_LT(error(*predictor, tested), most) << hardware;
    for (const Measurement* m : tested) {
      const Interval energy = predict(*predictor, *m).energy_j;
      EXPECT_LT(energy.low, energy.value);
      EXPECT_LT(energy.value, energy.high);
    }
  }
}

TEST_F(ButterMethods, RowsThatDescribeNoPerceptronAreNotAnswered) {
  const auto predictor = fitted("butter-e-published", "eagle-cpu", {});
  const Measurement other{.conditions = {{"batch", "8"}}};
  EXPECT_FALSE(predictor->predict({other.workload, other.dtype, other.conditions}));
  const std::vector<const Measurement*> none = {&other};
  EXPECT_THROW(fitted("butter-e", "eagle-cpu", none), Error);
  Measurement broken = rows.measurements[0];
  broken.conditions["depth"] = "1";
  EXPECT_THROW(predict(*predictor, broken), Error);
}

}  // namespace
}  // namespace wattlayer
