#include "wattlayer/training/advice.h"

#include <gtest/gtest.h>

#include "tests/training/butter_runs.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

const MlpTraining mnist = parse_mlp_training("features=784 widths=512,512,10 batch=256 samples=70000 epochs=3000");

TEST(Advice, DifferencesAreThoseOfTheLaw) {
  const Hardware hardware = test::shipped_hardware("eagle-cpu");
  const ButterModel law = find_butter_model(DataFiles(), "eagle-cpu").value();
  const WorkingSets sets = place(working_set_sizes(mnist), hardware);
  const auto advice = advise(set_rows(sets, passes(mnist)), hardware, level_costs(law));
  double sum = law.coefficients.per_run;
  const ButterTerms terms = butter_terms(mnist, hardware);
  sum += terms.passes * law.coefficients.per_pass + terms.operations * law.coefficients.per_operation;
  for (const SetAdvice& a : advice) sum += a.cost_j.value();
  EXPECT_NEAR(sum, butter_energy_j(terms, law.coefficients), 1e-6 * sum);
  const SetAdvice& forward = *std::find_if(advice.begin(), advice.end(), [](auto& a) { return a.row.id == "forward"; });
  EXPECT_EQ(forward.row.placed.place.level, 2u);
  const double passes = 3000.0 * (219 + 55), mebi = 669706 * 4 / 1048576.0;
  EXPECT_NEAR(forward.inner_saves_j.value(), passes * (215 - 59.3 + (22.5 - 23.0) * mebi) / 3000, 1);
  EXPECT_NEAR(forward.outer_costs_j.value(), passes * (305 - 215 + (36.3 - 22.5) * mebi) / 3000, 1);
  // L1 is full, and of L2 the largest inter-layer set, 256 x (784 + 512) values over 36 cores, takes some.
  EXPECT_NEAR(forward.share_that_fits.value(), (1048576.0 - 4 * 256 * (784 + 512) / 36) / (4 * 669706), 1e-9);
  EXPECT_FALSE(advice.front().inner_saves_j) << "there is no level inside L1";
  EXPECT_FALSE(advice.back().outer_costs_j) << "there is no level outside DRAM";
}

TEST(Advice, FillingSizesFillTheirLevel) {
  const Hardware hardware = test::shipped_hardware("eagle-cpu");
  const auto sizes = filling_sizes(mnist, hardware);
  ASSERT_EQ(sizes.size(), 6u);
  for (const FillingSize& size : sizes) {
    const auto level = [&](const std::vector<int64_t>& widths) {
      MlpTraining t = mnist;
      t.widths = widths;
      const WorkingSets sets = place(working_set_sizes(t), hardware);
      return (size.set == "forward" ? sets.forward : sets.backward).place.level;
    };
    EXPECT_LE(level(size.widths), size.level);
    std::vector<int64_t> wider = size.widths;
    for (size_t l = 0; l + 1 < wider.size(); ++l) ++wider[l];
    EXPECT_GT(level(wider), size.level);
    EXPECT_EQ(size.parameters, mlp_parameters(784, size.widths));
  }
}

TEST(Advice, FillingParametersBesideActivationsFillTheirLevel) {
  const Hardware hardware = test::shipped_hardware("eagle-gpu");
  const WorkingSetSizes sizes = working_set_sizes(mnist);
  const WorkingSets sets = place(sizes, hardware);
  for (const FillingSize& f : filling_sizes(sets, 4, hardware)) {
    const auto level = [&](double parameters) {
      WorkingSetSizes other = sizes;
      other.forward.replicated_bytes = 4 * parameters, other.backward.replicated_bytes = 8 * parameters;
      const WorkingSets placed = place(other, hardware);
      return (f.set == "forward" ? placed.forward : placed.backward).place.level;
    };
    EXPECT_EQ(level(f.parameters), f.level) << f.set;
    EXPECT_EQ(level(f.parameters + 1), f.level + 1) << f.set;
  }
}

TEST(Advice, TheLargestBatchIsTheLast) {
  const Hardware hardware = test::shipped_hardware("eagle-cpu");
  const WorkingSets sets = place(working_set_sizes(mnist), hardware);
  for (const size_t level : {0u, 1u, 2u}) {
    const double batch = largest_batch(sets, 256, hardware, level);
    const auto at = [&](double b) {
      MlpTraining t = mnist;
      t.batch = static_cast<int64_t>(b);
      return place(working_set_sizes(t), hardware).largest_inter_layer().place.level;
    };
    EXPECT_LE(at(batch), level);
    EXPECT_GT(at(batch + 1), level);
  }
}

TEST(Advice, EnergyModelsPriceLevelsByTheirBandwidth) {
  EnergyModel model;
  model.id = "made-up";
  model.hardware.id = "made-up";
  model.hardware.memory = {{"L1", 1e5, 1, 4e12}, {"L2", 1e6, 1, {}}, {"DRAM", 1e9, 1, 1e11}};
  const auto read = static_cast<size_t>(Count::input_bytes);
  model.physics->energy_j[read] = 20e-12, model.physics->time_s[read] = 1e-11, model.physics->static_w = 10;
  const LevelCosts costs = level_costs(model);
  EXPECT_TRUE(costs.at_most);
  EXPECT_NEAR(costs.levels[2]->per_byte_j, 120e-12, 1e-18);
  EXPECT_NEAR(costs.levels[0]->per_byte_j, 3e-12, 1e-18);
  EXPECT_FALSE(costs.levels[1]);
  EXPECT_NE(costs.missing.find("no bandwidth of L2"), std::string::npos);
  model.physics->energy_j[read] = 0, model.physics->time_s[read] = 0;
  EXPECT_FALSE(level_costs(model).levels[2]) << "nothing is not 0 J";
}

}  // namespace
}  // namespace wattlayer
