#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"
#include "wattlayer/core/data_files.h"

namespace wattlayer::test {
namespace {

TEST(HardwareVerb, ListsEveryFile) {
  const ProgramRun run = run_program({"hardware", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json.at("hardware").size(), DataFiles().list("hardware").size());
}

TEST(HardwareVerb, ShowsFiguresWithTheirSources) {
  const ProgramRun run = run_program({"hardware", "jetson-nano"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("25.6 GB/s"), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("DS-09366"), run.out.npos) << run.out;
}

TEST(HardwareVerb, ListsKindsTogetherOldestFirst) {
  const ProgramRun run = run_program({"hardware"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  auto at = [&](const char* text) {
    const size_t place = run.out.find(text);
    EXPECT_NE(place, run.out.npos) << text;
    return place;
  };
  EXPECT_LT(at("GPUs ("), at("Processors ("));
  EXPECT_LT(at("Processors ("), at("Systems on a chip ("));
  EXPECT_LT(at("\n  gtx-1070 "), at("\n  rtx-4090 "));
  EXPECT_LT(at("\n  rtx-4090 "), at("Processors ("));
  EXPECT_LT(at("\n  xeon-e5-2630-v4 "), at("\n  epyc-9654 "));
}

TEST(HardwareVerb, ListsOneKind) {
  const ProgramRun run = run_program({"hardware", "--kind", "soc", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_GE(json.at("hardware").size(), 5u);
  for (const auto& device : json.at("hardware")) EXPECT_EQ(device.at("kind"), "soc") << device.at("id");
  EXPECT_EQ(run_program({"hardware", "--kind", "tpu"}).exit_code, 2);
  EXPECT_EQ(run_program({"hardware", "--kind", "cpu", "jetson-nano"}).exit_code, 1);
}

TEST(HardwareVerb, SaysWhichEnergyModelsExist) {
  const ProgramRun with = run_program({"hardware", "jetson-nano"});
  EXPECT_NE(with.out.find("\n  jetson-nano/tensorrt/f32: 10,720 rows, fitted "), with.out.npos) << with.out;
  EXPECT_NE(with.out.find("; networks "), with.out.npos) << with.out;
  const ProgramRun without = run_program({"hardware", "simulated"});
  EXPECT_NE(without.out.find("none; `wattlayer fit`"), without.out.npos) << without.out;
  const auto json = nlohmann::json::parse(run_program({"hardware", "jetson-nano", "--json"}).out);
  EXPECT_EQ(json.at("hardware").at(0).at("energy_models").at(0), "jetson-nano/tensorrt/f32");
}

TEST(HardwareVerb, ShowsIdlePowerByClock) {
  const ProgramRun run = run_program({"hardware", "a100-pcie-40gb"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("44.47 to 67.34 W at 210 to 1410 MHz (81 clocks)"), run.out.npos) << run.out;
}

TEST(HardwareVerb, UnknownIdNamesTheNearest) {
  const ProgramRun run = run_program({"hardware", "NVIDIA RTX 4090"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("unknown hardware 'NVIDIA RTX 4090'; nearest of "), run.err.npos) << run.err;
  EXPECT_NE(run.err.find("rtx-4090"), run.err.npos) << run.err;
}

TEST(HardwareVerb, DataDirectoryAddsToTheBuiltIn) {
  const ScratchFolder folder;
  std::string text = *DataFiles().read("hardware", "jetson-nano.json");
  folder.file("hardware/my-board.json", text);
  const ProgramRun run = run_program({"--data-dir", folder.path().string(), "hardware"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("my-board"), run.out.npos);
  EXPECT_NE(run.out.find("xeon-gold-5120"), run.out.npos);
}

TEST(HardwareVerb, RefusesWithOneSentence) {
  const ScratchFolder folder;
  folder.file("hardware/broken.json", "{\"name\": 3");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"hardware", "no-such"},
                                             {"hardware", "../hardware/jetson-nano"},
                                             {"--data-dir", folder.path().string(), "hardware", "broken"}}) {
    const ProgramRun run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 1) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
  EXPECT_EQ(run_program({"--data-dir", "/no/such/folder", "hardware"}).exit_code, 2);
}

}  // namespace
}  // namespace wattlayer::test
