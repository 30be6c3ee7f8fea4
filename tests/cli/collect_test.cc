#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

constexpr const char* four_layers =
    R"({"schema": 1, "title": "t", "random": [{"layer": "Relu {n}", "ranges": {"n": [1, 4]}, "count": 9}]})";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Without a processor's counter, a board or anything else that measures.
std::vector<std::string> nothing_measures(const ScratchFolder& folder) {
  return {"--meter-setting", "nvml.library=/no/such/library", "--root", folder.path().string()};
}

TEST(CollectVerb, ADryRunSaysAsTheRunThatNothingMeasuresAndNamesTheWayToTimeAlone) {
  const ScratchFolder folder;
  const std::string campaign = folder.file("c.json", four_layers), db = (folder.path() / "c.db").string();
  std::vector<std::string> words = {"collect", campaign, "--runner", "fake", "--runner-option", "real-time", "--db", db};
  for (const std::string& word : nothing_measures(folder)) words.push_back(word);
  const ProgramRun refused = run_program(words);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(has(refused.err, "nothing here measures energy") && has(refused.err, "--meter none")) << refused.err;
  words.emplace_back("--dry-run");
  const ProgramRun plan = run_program(words);
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_TRUE(has(plan.out, "it does not start: nothing here measures energy")) << plan.out;
  words.insert(words.end(), {"--meter", "none"});
  EXPECT_FALSE(has(run_program(words).out, "does not start"));
}

TEST(CollectVerb, SaysOfPlanAndRunThatFewerLayersAreThereThanAskedFor) {
  const ScratchFolder folder;
  const std::string campaign = folder.file("c.json", four_layers), db = (folder.path() / "c.db").string();
  const std::vector<std::string> words = {"collect", campaign, "--runner", "fake", "--db", db};
  const ProgramRun run = run_program(words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, "random[0]: its ranges give 4 different layers of the 9 asked for")) << run.err;
  std::vector<std::string> plan = words;
  plan.emplace_back("--dry-run");
  EXPECT_TRUE(has(run_program(plan).out, "give 4 different layers of the 9")) << run.out;
}

TEST(CollectVerb, AnUnknownNetworkIsRefusedBeforeAnythingIsMeasured) {
  const ScratchFolder folder;
  const std::string campaign =
      folder.file("c.json", R"({"schema": 1, "title": "t", "networks": [{"names": ["net:alexnet", "net:nope"]}]})");
  const ProgramRun run = run_program({"collect", campaign, "--runner", "fake", "--db", (folder.path() / "c.db").string()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "net:nope")) << run.err;
  EXPECT_EQ(run.out, "");
}

TEST(CollectVerb, ABadCampaignIsNamedByItsPathWithoutTheJsonLibrarysOwnText) {
  const ScratchFolder folder;
  const std::string campaign = folder.file("c.json", "{");
  const ProgramRun run = run_program({"collect", campaign, "--dry-run"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, campaign + ": expected JSON: parse error at line 1")) << run.err;
  EXPECT_FALSE(has(run.err, "json.exception")) << run.err;
}

TEST(CollectVerb, SlurmThatIsNotThereIsOneSentenceAndLeavesNoFolder) {
  const ScratchFolder folder;
  const std::string campaign = folder.file("c.json", four_layers), db = (folder.path() / "c.db").string();
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  const ProgramRun run = run_program({"collect", campaign, "--db", db, "--slurm"});
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "no sbatch in the PATH")) << run.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "c.slurm"));
}

TEST(Target, APathThatIsNoEnergyModelIsRefusedAsWhatItIs) {
  const ProgramRun run = run_program({"estimate", "net:alexnet", "--on", "/etc/passwd"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "cannot read '/etc/passwd': expected HARDWARE[/ENGINE[/DTYPE]] or a .wlm file")) << run.err;
}

}  // namespace
}  // namespace wattlayer::test
