#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer {
namespace {

using nlohmann::json;
using test::run_program;

constexpr const char* mnist = "features=784 widths=512,512,10 batch=256 samples=70000 epochs=3000";

json advice(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"training", "advise", "--json"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const auto run = run_program(all);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return json::parse(run.out, nullptr, false);
}

TEST(TrainingAdvise, NamesLevelsAndSavingsOfAPerceptron) {
  const json report = advice({"--mlp", mnist, "--on", "eagle-cpu"});
  ASSERT_EQ(report.at("sets").size(), 5u);
  EXPECT_EQ(report["sets"][4]["set"], "samples");
  EXPECT_EQ(report["sets"][4]["level"], "DRAM");
  EXPECT_GT(report["sets"][4]["one_level_in_saves_j"], 1e5);
  EXPECT_TRUE(report["sets"][4]["one_level_out_costs_j"].is_null());
  EXPECT_EQ(report["filling_sizes"].size(), 6u);
  EXPECT_EQ(report["figures_of"], "run");
  EXPECT_FALSE(report["figures_are_upper_bounds"]);
  const std::string advice = report["advice"].dump();
  EXPECT_NE(advice.find("the backward pass stays in L3"), std::string::npos) << advice;
  EXPECT_NE(advice.find("the backward pass would just fit L2, -"), std::string::npos) << advice;
  EXPECT_EQ(report["advice"][0].get<std::string>().find("the data set lives in DRAM"), 0u) << "the largest saving comes first";
}

TEST(TrainingAdvise, WithoutAFigureItSaysSo) {
  const json report = advice({"net:resnet18", "--batch", "32", "--samples", "50000", "--on", "v100"});
  EXPECT_EQ(report["figures_of"], "step");
  EXPECT_TRUE(report["figures_are_upper_bounds"]);
  EXPECT_NE(report["missing"].get<std::string>().find("states no bandwidth of L1, L2"), std::string::npos);
  for (const json& set : report["sets"]) EXPECT_EQ(set["cost_j"].is_null(), set["level"] != "HBM2") << set;
  const auto table = run_program({"training", "advise", "net:resnet18", "--on", "v100"});
  EXPECT_NE(table.out.find("no figure can be given: hardware/v100.json"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("--samples"), std::string::npos);
}

TEST(TrainingAdvise, WhereTheHardwareStatesBandwidthsEveryLevelHasABound) {
  const json report = advice({"net:mlp_784_512_10", "--batch", "32", "--on", "xeon-gold-5120"});
  EXPECT_EQ(report["missing"], "");
  for (const json& set : report["sets"]) EXPECT_GT(set["cost_j"], 0) << set;
}

TEST(TrainingAdvise, BadInputIsOneSentence) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::vector<std::string>, const char*>>{
           {{"--on", "eagle-cpu"}, "give either NETWORK or --mlp"},
           {{"net:resnet18", "--mlp", mnist, "--on", "eagle-cpu"}, "give either NETWORK or --mlp"},
           {{"--mlp", mnist, "--batch", "8", "--on", "eagle-cpu"}, "in --mlp they are words"},
           {{"--mlp", "features=3 widths=1", "--on", "eagle-cpu"}, "samples is missing"},
           {{"--mlp", mnist, "--on", "eagle"}, "eagle-cpu"}}) {
    std::vector<std::string> all = {"training", "advise"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto run = run_program(all);
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
  }
}

TEST(TrainingToLoss, NamesTheCheapestSizeOrTheLeastLoss) {
  const std::string runs = "size,epoch,loss,energy_j\n64,1,2,10\n64,10,0.5,100\n1024,1,1,50\n1024,10,0.1,400\n";
  const auto found = run_program({"training", "to-loss", "-", "--loss", "0.6", "--json"}, runs);
  ASSERT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(json::parse(found.out)["best"]["size"], 64);
  const auto never = run_program({"training", "to-loss", "-", "--loss", "0.05"}, runs);
  EXPECT_EQ(never.exit_code, 1);
  EXPECT_NE(never.err.find("the least of all is 0.1"), std::string::npos) << never.err;
}

TEST(TrainingClean, WritesEnergiesAndSaysWhatItDropped) {
  const test::ScratchFolder folder;
  std::string power = "node,time,power_w\n";
  for (int t = 0; t <= 7200; t += 60) power += "n1," + std::to_string(t) + "," + (t < 600 ? "200" : "300") + "\n";
  const std::string runs = "run,node,dataset,size,start,end\na,n1,wine,64,1000,2000\nb,n1,wine,64,7000,8000\n";
  const std::string out = (folder.path() / "clean.csv").string();
  const auto run = run_program({"training", "clean", folder.file("power.csv", power), folder.file("runs.csv", runs), "-o", out});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("1 of 2 runs kept"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("1 dropped: power samples are missing"), std::string::npos) << run.out;
  const auto swapped =
      run_program({"training", "clean", folder.file("runs.csv", runs), folder.file("power.csv", power), "-o", out});
  EXPECT_EQ(swapped.exit_code, 1);
  EXPECT_NE(swapped.err.find("runs.csv: line 1: expected a column time"), std::string::npos) << swapped.err;
}

}  // namespace
}  // namespace wattlayer
