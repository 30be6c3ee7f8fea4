#include <gtest/gtest.h>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

TEST(CalibrateVerb, SuggestsWhatToMeasureWithTheCommandForIt) {
  const ProgramRun run = run_program({"calibrate", "--hardware", "rtx-4090", "--suggest", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("wattlayer measure 'net:"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("--hardware rtx-4090"), std::string::npos);
}

TEST(CalibrateVerb, AFewMeasurementsGiveAnEnergyModel) {
  const ScratchFolder folder;
  const std::string db = (folder.path() / "mine.db").string(), model = (folder.path() / "mine.wlm").string();
  const ProgramRun measured = run_program(
      {"measure", "net:resnet18", "--batch", "2", "--runner", "fake", "--meter", "fake", "--hardware", "simulated", "--db", db});
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  const ProgramRun run = run_program({"calibrate", "--hardware", "simulated", "--db", db, "-o", model});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("1 measurements of its own"), std::string::npos) << run.out;
  const ProgramRun estimate = run_program({"estimate", "net:resnet18", "--batch", "2", "--on", model, "--json"});
  EXPECT_EQ(estimate.exit_code, 0) << estimate.err;
}

TEST(CalibrateVerb, SaysWhatIsMissing) {
  const ProgramRun nothing = run_program({"calibrate", "--hardware", "rtx-4090"});
  EXPECT_NE(nothing.exit_code, 0);
  EXPECT_NE(nothing.err.find("--db"), std::string::npos) << nothing.err;
  const ProgramRun unknown = run_program({"calibrate", "--hardware", "rtx-4091", "--suggest", "2"});
  EXPECT_NE(unknown.exit_code, 0);
  EXPECT_NE(unknown.err.find("rtx-4090"), std::string::npos) << unknown.err;
}

TEST(EstimateOfADevice, ADeviceThatNobodyMeasuredIsEstimatedFromItsDataSheet) {
  const ProgramRun run = run_program({"estimate", "net:resnet18", "--on", "rtx-4090", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("nobody has measured rtx-4090"), std::string::npos) << run.err;
  EXPECT_EQ(run.out.find("\"predicted\""), std::string::npos);
}

TEST(EstimateOfADevice, AnotherClockIsExtrapolatedAndNoClockIsThatOfTheMeasurements) {
  const std::string network = "net:opt-1.3b?sequence=128&batch=8", on = "a100-sxm/pytorch/bf16";
  const ProgramRun slow = run_program({"estimate", network, "--on", on, "--clock", "300", "--json"});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
  EXPECT_EQ(slow.out.find("\"predicted\""), std::string::npos);
  const ProgramRun usual = run_program({"estimate", network, "--on", on, "--json"});
  EXPECT_NE(usual.out.find("\"predicted\""), std::string::npos);
  EXPECT_NE(run_program({"estimate", network, "--on", on, "--clock", "fast"}).exit_code, 0);
}

}  // namespace
}  // namespace wattlayer::test
