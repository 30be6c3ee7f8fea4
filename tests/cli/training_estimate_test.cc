#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

class TrainingEstimateVerb : public testing::Test {
 protected:
  ProgramRun estimate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"training", "estimate", "--on", model});
    return run_program(arguments, {});
  }
  Json training(std::vector<std::string> arguments) const {
    arguments.push_back("--json");
    const ProgramRun run = estimate(std::move(arguments));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return Json::parse(run.out).at("trainings").at(0);
  }

  ScratchFolder folder;
  std::string model = folder.file("made-up.wlm", made_up_energy_model());
};

TEST_F(TrainingEstimateVerb, RunsAreEpochsOfStepsAndValidation) {
  const Json plain = training({"net:resnet18", "--batch", "8", "--samples", "80", "--epochs", "3"});
  const double step = plain.at("step").at("energy_j").at("value");
  EXPECT_NEAR(plain.at("epoch").at("energy_j").at("value"), 10 * step, 1e-9 * step);
  EXPECT_NEAR(plain.at("run").at("energy_j").at("value"), 30 * step, 1e-9 * step);
  const Json validated = training({"net:resnet18", "--batch", "8", "--samples", "80", "--validation-samples", "80"});
  const double more = validated.at("epoch").at("energy_j").at("value").get<double>() / (10 * step);
  EXPECT_GT(more, 1.1);
  EXPECT_LT(more, 1.6);
}

TEST_F(TrainingEstimateVerb, PhasesAndOperatorsAddUp) {
  const Json t = training({"net:resnet18", "--batch", "8", "--samples", "80", "--optimizer", "momentum"});
  double phases = 0, operators = 0;
  for (const Json& phase : t.at("phases")) phases += phase.at("energy_j").get<double>();
  for (const Json& op : t.at("operators")) operators += op.at("energy_j").get<double>();
  const double step = t.at("step").at("energy_j").at("value");
  EXPECT_NEAR(phases, step, 1e-9 * step);
  EXPECT_LE(operators, step * (1 + 1e-9));
  EXPECT_EQ(t.at("phases").at(1).at("name"), "backward");
  EXPECT_GT(t.at("phases").at(1).at("macs").get<double>(), 1.8 * t.at("phases").at(0).at("macs").get<double>());
  EXPECT_GT(t.at("memory").at("total_bytes").get<double>(), 4 * 3 * 11.69e6);
}

TEST_F(TrainingEstimateVerb, SaysWhatIsNotInIt) {
  const ProgramRun run = estimate({"net:alexnet", "--batch", "8", "--samples", "1000", "--epochs", "2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* wanted : {"one step", "one epoch", "2 epochs", "backward", "optimizer", "memory", "kWh", "not included"})
    EXPECT_NE(run.out.find(wanted), run.out.npos) << wanted << "\n" << run.out;
  EXPECT_EQ(run.out.find("CO2"), run.out.npos);
}

TEST_F(TrainingEstimateVerb, RefusesWhatCannotBe) {
  const auto refused = [&](std::vector<std::string> arguments, const std::string& wanted) {
    const ProgramRun run = estimate(std::move(arguments));
    EXPECT_NE(run.exit_code, 0) << run.out;
    EXPECT_NE(run.err.find(wanted), run.err.npos) << run.err;
  };
  refused({"net:resnet18", "--batch", "8"}, "--samples");
  refused({"--samples", "80"}, "NETWORK");
  refused({"net:resnet18", "--samples", "80", "--optimizer", "adamm"}, "adam");
  refused({"net:resnet18", "--samples", "-3"}, "--samples");
  refused({"net:resnet18", "--samples", "80", "--frozen-until", "nobody"}, "nobody");
}

TEST(TrainingEstimateOn, AnEngineForInferenceIsRemarkedOn) {
  const auto on = [](const char* target) {
    return run_program({"training", "estimate", "net:resnet18", "--on", target, "--batch", "8", "--samples", "80"}, {});
  };
  const ProgramRun inference = on("firefly-rk3588s/armnn-neon/f32");
  EXPECT_EQ(inference.exit_code, 0) << inference.err;
  EXPECT_NE(inference.err.find("is an engine for inference"), inference.err.npos) << inference.err;
  EXPECT_EQ(on("a100-sxm/pytorch/f32").err.find("for inference"), std::string::npos);
}

TEST(TrainingEstimateOn, NamesHardwareNearAnUnknownOne) {
  const ProgramRun run =
      run_program({"training", "estimate", "net:resnet18", "--on", "a10x", "--batch", "8", "--samples", "80"}, {});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_NE(run.err.find("nearest of"), run.err.npos) << run.err;
}

}  // namespace
}  // namespace wattlayer::test
