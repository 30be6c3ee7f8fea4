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
