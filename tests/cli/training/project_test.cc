#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

/// 300 J, then 100 J an epoch, 1 s each.
std::string run_of(int epochs) {
  std::string csv = "epoch,energy_j,duration_s,val_loss\n";
  for (int i = 1; i <= epochs; ++i) csv += std::to_string(i) + (i == 1 ? ",300,3," : ",100,1,") + (i == 4 ? "0.1" : "0.5") + "\n";
  return csv;
}

ProgramRun project(const std::string& file, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"training", "project", file});
  return run_program(arguments);
}

Json json_of(const ProgramRun& run, int exit_code = 0) {
  EXPECT_EQ(run.exit_code, exit_code) << run.err;
  return Json::parse(run.out);
}

TEST(ProjectVerb, ProjectsByEveryMethod) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  const std::pair<std::string, double> totals[] = {
      {"carbontracker", 15000}, {"skip-k", 5200}, {"step", 5200}, {"step-power", 5200}};
  for (const auto& [method, total] : totals) {
    const Json json = json_of(project(file, {"--planned", "50", "--method", method, "--json"}));
    EXPECT_NEAR(json.at("total_j").get<double>(), total, 1e-6) << method;
    EXPECT_TRUE(json.at("total_interval90_j").is_null()) << method;
    EXPECT_EQ(json.at("epochs_seen"), 16);
  }
  const Json ours = json_of(project(file, {"--planned", "50", "--json"}));
  EXPECT_EQ(ours.at("method"), "ours");
  EXPECT_NEAR(ours.at("total_j").get<double>(), 5200, 150);
  EXPECT_LT(ours.at("total_interval90_j")[0], 5200);
  EXPECT_GT(ours.at("total_interval90_j")[1], 5200);
  EXPECT_EQ(ours.at("stable_since_epoch"), 2);
  for (const char* field : {"co2_kg", "cost", "pue", "total_with_pue_kwh", "budget_j", "budget_passed"})
    EXPECT_TRUE(ours.at(field).is_null()) << field;
}

TEST(ProjectVerb, CostAndCarbonOnlyWhenAsked) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  const ProgramRun plain = project(file, {"--planned", "50"});
  EXPECT_EQ(plain.out.find("CO2"), std::string::npos);
  const Json json = json_of(
      project(file, {"--planned", "50", "--method", "step", "--grid", "360", "--pue", "1.5", "--price", "0.4", "--json"}));
  const double kwh = 5200 / 3.6e6;
  EXPECT_NEAR(json.at("total_kwh").get<double>(), kwh, 1e-12);
  EXPECT_NEAR(json.at("total_with_pue_kwh").get<double>(), 1.5 * kwh, 1e-12);
  EXPECT_NEAR(json.at("co2_kg").get<double>(), 1.5 * kwh * 0.36, 1e-12);
  EXPECT_NEAR(json.at("cost").get<double>(), 1.5 * kwh * 0.4, 1e-12);
  EXPECT_EQ(json.at("co2_basis"), "360 g/kWh as given");
  EXPECT_TRUE(json.at("currency").is_null());
}

TEST(ProjectVerb, CountriesAndCurrencies) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  const Json json =
      json_of(project(file, {"--planned", "50", "--method", "step", "--grid", "France", "--price", "0.4EUR", "--json"}));
  EXPECT_GT(json.at("co2_kg"), 0);
  EXPECT_NE(json.at("co2_basis").get<std::string>().find("Our World in Data"), std::string::npos);
  EXPECT_EQ(json.at("currency"), "EUR");
  EXPECT_EQ(project(file, {"--planned", "50", "--grid", "Frence"}).exit_code, 1);
}

TEST(ProjectVerb, ABudgetThatIsPassedIsTheExitStatus) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  const Json passed = json_of(project(file, {"--planned", "50", "--method", "step", "--budget", "4kJ", "--json"}), 3);
  EXPECT_EQ(passed.at("budget_passed").at("epoch"), 39);  // 1800 J after 16, 22 epochs more
  EXPECT_NEAR(passed.at("budget_passed").at("time_s").get<double>(), 40, 1e-6);
  EXPECT_EQ(passed.at("budget_passed").at("already"), false);
  EXPECT_EQ(json_of(project(file, {"--planned", "50", "--method", "step", "--budget", "1000J", "--json"}), 3)
                .at("budget_passed")
                .at("already"),
            true);
  EXPECT_TRUE(json_of(project(file, {"--planned", "50", "--budget", "1MWh", "--json"})).at("budget_passed").is_null());
  EXPECT_EQ(project(file, {"--planned", "50", "--budget", "5.2kJ", "--pue", "1.2"}).exit_code, 3);
  EXPECT_NE(project(file, {"--planned", "50", "--budget", "2 kW"}).err.find("is no energy"), std::string::npos);
  EXPECT_NE(project(file, {"--planned", "50", "--budget", "0.2"}).err.find("is no energy"), std::string::npos);
  EXPECT_EQ(project(file, {"--planned", "50", "--budget", "2mWh"}).exit_code, 3);
  EXPECT_EQ(project(file, {"--planned", "50", "--budget", "2MWh"}).exit_code, 0);
}

TEST(ProjectVerb, EarlyStoppingCountsFromTheBestEpoch) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(6));
  const Json json = json_of(project(file, {"--planned", "50", "--monitor", "val_loss", "--patience", "10", "--json"}));
  EXPECT_NEAR(json.at("epochs_expected").get<double>(), 32, 1e-9);  // 14 to 50
  EXPECT_EQ(json.at("epochs_latest"), 50);
  EXPECT_EQ(json_of(project(file, {"--earlier-runs", "20,30", "--json"})).at("epochs_expected"), 25);
  EXPECT_NE(project(file, {"--planned", "50", "--monitor", "loss", "--patience", "3"}).err.find("column 'loss' is not there"),
            std::string::npos);
}

TEST(ProjectVerb, SaysThatOneEpochTellsLittle) {
  const ScratchFolder folder;
  const ProgramRun run = project(folder.file("run.csv", run_of(1)), {"--planned", "50"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("the interval is wide"), std::string::npos) << run.out;
  const ProgramRun mean = project(folder.file("run.csv", run_of(1)), {"--planned", "50", "--method", "carbontracker"});
  EXPECT_NE(mean.out.find("one epoch tells little"), std::string::npos) << mean.out;
}

TEST(ProjectVerb, OnlyMethodsThatLookForALevelNameOne) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  for (const char* method : {"step", "step-power", "carbontracker", "skip-k"})
    EXPECT_EQ(project(file, {"--planned", "50", "--method", method}).out.find("one level"), std::string::npos) << method;
  EXPECT_NE(project(file, {"--planned", "50"}).out.find("one level since"), std::string::npos);
}

TEST(ProjectVerb, EarlyStoppingThatContradictsItselfIsSaid) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(16));
  EXPECT_NE(project(file, {"--planned", "50", "--earlier-runs", "20,60"}).err.find("longer than the 50 planned"),
            std::string::npos);
  EXPECT_NE(project(file, {"--planned", "50", "--earliest-stop", "60"}).err.find("beyond the 50 epochs planned"),
            std::string::npos);
  const std::vector<std::string> stopping = {"--planned", "50", "--monitor", "val_loss", "--patience"};
  const auto patient = [&](const char* epochs) {
    auto arguments = stopping;
    arguments.push_back(epochs);
    return project(file, arguments);
  };
  EXPECT_NE(patient("5").out.find("ran out in epoch 9"), std::string::npos) << patient("5").out;  // the best one is the fourth
  EXPECT_EQ(patient("20").out.find("ran out"), std::string::npos);
}

TEST(ProjectVerb, WrongInputIsOneSentence) {
  const ScratchFolder folder;
  const ProgramRun gap = project(folder.file("gap.csv", run_of(2) + "5,100,1,0.5\n"), {"--planned", "50"});
  EXPECT_EQ(gap.exit_code, 1);
  EXPECT_NE(gap.err.find("gap.csv:4: epoch 5 follows epoch 2; 2 epoch(s) are missing"), std::string::npos) << gap.err;
  const std::string file = folder.file("run.csv", run_of(16));
  EXPECT_NE(project(file, {"--planned", "10"}).err.find("16 epochs, more than the 10 planned"), std::string::npos);
  EXPECT_NE(
      project(folder.file("short.csv", run_of(3)), {"--planned", "50", "--method", "step"}).err.find("step needs 15 or more"),
      std::string::npos);
  EXPECT_NE(project(file, {"--planned", "50", "--method", "guess"}).err.find("unknown method 'guess'"), std::string::npos);
  EXPECT_NE(project(file, {}).exit_code, 0) << "--planned is missing";
  EXPECT_EQ(project("/no/such/file.csv", {"--planned", "5"}).exit_code, 1);
}

TEST(ProjectVerb, FollowsAGrowingFileToItsEnd) {
  const ScratchFolder folder;
  const std::string file = folder.file("run.csv", run_of(2));
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    std::ofstream out(file, std::ios::app);
    out << "3,100,1,0.5\n4,1" << std::flush;  // the fourth is being written
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    out << "00,1,0.5\n" << std::flush;
  });
  const ProgramRun run = project(file, {"--planned", "4", "--follow", "--every", "0.1", "--json"});
  writer.join();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  std::vector<Json> lines;
  std::istringstream in(run.out);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  ASSERT_GE(lines.size(), 2u) << run.out;
  EXPECT_EQ(lines.back().at("epochs_seen"), 4);
  EXPECT_EQ(lines.back().at("total_j"), 600);
}

TEST(ProjectVerb, FollowWritesNoFile) {
  const ProgramRun run = run_program({"training", "project", "x.csv", "--planned", "10", "--follow", "-o", "y.txt"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("--follow prints a line"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace wattlayer::test
