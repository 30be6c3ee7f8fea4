#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"
#include "tests/shared_folder.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

/// Runs of four image data sets, of 24 epochs, in the columns of energydl-full.
std::string made_up_epochs() {
  std::string csv = "dataset,mode,intervention,epoch,duration,gpu_energy\n";
  for (int dataset = 0; dataset < 4; ++dataset)
    for (int run = 0; run < 3; ++run)
      for (int epoch = 1; epoch <= 24; ++epoch) {
        const double energy = 0.001 * (dataset + 1) * (epoch == 1 ? 1.5 : 1 + 0.01 * ((epoch * (run + 3)) % 5));
        csv += "set" + std::to_string(dataset) + ",base," + std::to_string(run) + "," + std::to_string(epoch) + ",10," +
               std::to_string(energy) + "\n";
      }
  return csv;
}

std::vector<Json> rows_of(const ProgramRun& run) {
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return Json::parse(run.out).at("rows").get<std::vector<Json>>();
}

TEST(EvaluateRuns, RowsCarryEpochsSeenOnSeriesThatNobodyKnew) {
  const ScratchFolder folder;
  folder.file("epochs.csv", made_up_epochs());
  for (const bool shipped : {false, true}) {
    std::vector<std::string> command = {"evaluate", "--dataset", "energydl-full", "--dir", folder.path().string(),
                                        "--json",   "--quiet"};
    if (shipped) command.push_back("--shipped");
    size_t ours = 0;
    for (const Json& row : rows_of(run_program(command))) {
      if (row.at("method") != "ours" || !row.contains("epochs_seen")) continue;
      ++ours;
      EXPECT_EQ(row.at("n"), 12);
      if (row.at("epochs_seen") > 1) EXPECT_LT(row.at("mape"), 10) << row;
      EXPECT_EQ(row.at("split"), shipped ? "finished energy model" : "one image data set left out");
    }
    EXPECT_EQ(ours, 9u) << "1, 2, 3, 4, 6, 8, 10, 15, 20";
  }
  const ProgramRun table = run_program({"evaluate", "--dataset", "energydl-full", "--dir", folder.path().string(), "--quiet"});
  EXPECT_NE(table.out.find("EPOCHS SEEN"), std::string::npos) << table.out;
}

TEST(EvaluateRuns, TargetsStandBesideWhatWasReached) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no ../shared: energydl-full is not there";
  size_t met = 0;
  for (const Json& row : rows_of(run_program(
           {"evaluate", "--dataset", "energydl-full", "--dir", (*shared / "data/energydl-full").string(), "--json", "--quiet"})))
    for (const Json& target : row.value("targets", Json::array())) met += target.at("met") == true;
  EXPECT_EQ(met, 5u);
}

}  // namespace
}  // namespace wattlayer::test
