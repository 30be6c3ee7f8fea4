#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer {
namespace {

using test::run_program;

constexpr const char* mnist = "features=784 widths=512,512,10 batch=256 samples=70000 epochs=3000";

TEST(TrainingEstimateMlp, PartsAddUpToTheRun) {
  const auto run = run_program({"training", "estimate", "--mlp", mnist, "--on", "eagle-cpu", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto estimate = nlohmann::json::parse(run.out).at("training_estimates").at(0);
  EXPECT_EQ(estimate.at("network"), "mlp-784-512-512-10");
  double sum = 0;
  for (const auto& part : estimate.at("parts")) sum += part.at("energy_j").get<double>();
  EXPECT_NEAR(sum, estimate.at("energy_j").at("value").get<double>(), 1e-6 * sum);
  EXPECT_LT(estimate.at("energy_j").at("low"), estimate.at("energy_j").at("value"));
}

TEST(TrainingEstimateMlp, AShapeIsTheSameAsItsWidths) {
  const auto energy = [](const std::string& mlp) {
    const auto run = run_program({"training", "estimate", "--mlp", mlp, "--on", "eagle-gpu", "--json"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return nlohmann::json::parse(run.out).at("training_estimates").at(0).at("energy_j").at("value").get<double>();
  };
  EXPECT_EQ(energy("features=4 outputs=1 shape=rectangle size=512 depth=3 samples=3848 epochs=3000"),
            energy("features=4 widths=19,19,1 samples=3848 epochs=3000"));
}

TEST(TrainingEstimateMlp, TheTableNamesLevelsAndSource) {
  const auto run = run_program({"training", "estimate", "--mlp", mnist, "--on", "eagle-cpu"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* part : {"L3", "DRAM", "arXiv 2403.08151", "kWh", "669,706"})
    EXPECT_NE(run.out.find(part), std::string::npos) << part << "\n" << run.out;
}

TEST(TrainingEstimateMlp, BadInputIsOneSentence) {
  const auto other = run_program({"training", "estimate", "--mlp", mnist, "--on", "v100"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.err.find("eagle-cpu, eagle-gpu"), std::string::npos) << other.err;
  const auto words = run_program({"training", "estimate", "--mlp", "features=4 widths=3,1", "--on", "eagle-cpu"});
  EXPECT_EQ(words.exit_code, 1);
  EXPECT_NE(words.err.find("samples is missing"), std::string::npos) << words.err;
}

}  // namespace
}  // namespace wattlayer
