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

TEST(CalibrateVerb, SuggestionsForAFileOfOnesOwnNameTheFileAndMeasureTakesIt) {
  const ScratchFolder folder;
  const std::string db = (folder.path() / "mine.db").string();
  const std::string file = folder.file("my.json", R"({"name": "mine", "kind": "cpu", "compute_units": 4, "scope": "cpu-package",
    "peak_flops": {"f32": 1e11}, "bandwidth_bytes_per_s": 2e10, "memory": [{"name": "DRAM", "bytes": 8e9}], "sources": {}})");
  const ProgramRun run = run_program({"calibrate", "--hardware", file, "--suggest", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("--hardware " + file), std::string::npos) << run.out;
  const ProgramRun measured = run_program(
      {"measure", "net:resnet18", "--batch", "2", "--runner", "fake", "--meter", "fake", "--hardware", file, "--db", db});
  EXPECT_EQ(measured.exit_code, 0) << measured.err;
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

TEST(EstimateOfADevice, ADescriptionThatIsNoneIsOneSentenceWithItsFile) {
  const ScratchFolder folder;
  const std::string text = folder.file("text.json", "not JSON"), nameless = folder.file("nameless.json", R"({"kind": "cpu"})");
  const ProgramRun run = run_program({"estimate", "net:resnet18", "--on-spec", text});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find(text + ": expected a JSON object"), std::string::npos) << run.err;
  const ProgramRun second = run_program({"estimate", "net:resnet18", "--on-spec", nameless});
  EXPECT_NE(second.err.find(nameless + ": expected the field `name`"), std::string::npos) << second.err;
}

TEST(EstimateOfADevice, APowerLimitThatItCannotKeepIsRefused) {
  const auto limited = [](const char* watts) {
    return run_program({"estimate", "net:resnet50", "--on", "a100-sxm/pytorch/f32", "--power-limit", watts});
  };
  EXPECT_EQ(limited("1").exit_code, 1);
  EXPECT_NE(limited("1").err.find("cannot keep --power-limit 1"), std::string::npos) << limited("1").err;
  EXPECT_EQ(limited("300").exit_code, 0) << limited("300").err;
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
