#include "wattlayer/training/epoch_csv.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string complaint(const std::string& csv, const EpochColumns& columns = {}) {
  try {
    read_epoch_table(csv, "run.csv", columns);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    return e.what();
  }
  return "nothing is wrong";
}

TEST(EpochTable, FindsColumnsByTheirHeader) {
  const EpochTable table = read_epoch_table("epoch,loss,energy_kWh,duration_s\n0,0.5,0.001,10\n1,0.4,0.002,20\n", "run.csv");
  ASSERT_EQ(table.epochs.size(), 2u);
  EXPECT_DOUBLE_EQ(table.epochs[1].energy.value, 7200);
  EXPECT_DOUBLE_EQ(table.epochs[1].duration->value, 20);
  EXPECT_EQ(table.energy_from, "energy_kWh");
}

TEST(EpochTable, PowerAndEndTimesDoAsWell) {
  const EpochTable table = read_epoch_table("power_w,elapsed_s\n100,10\n50,30\n", "run.csv");
  EXPECT_DOUBLE_EQ(table.epochs[0].energy.value, 1000);
  EXPECT_DOUBLE_EQ(table.epochs[1].energy.value, 1000);
  EXPECT_EQ(table.epochs[1].number, 2);
}

TEST(EpochTable, TimesOfAClockDoNotTellTheFirstDuration) {
  const std::string csv = "energy_j,time_s\n100,1700000000\n50,1700000030\n50,1700000050\n";
  const EpochTable table = read_epoch_table(csv, "run.csv");
  EXPECT_FALSE(table.epochs[0].duration);
  EXPECT_DOUBLE_EQ(table.epochs[1].duration->value, 30);
  EXPECT_NE(table.remark.find("time_s is 1700000000 at the end of the first epoch"), std::string::npos) << table.remark;
  EXPECT_FALSE(read_epoch_table(csv.substr(0, csv.find("50")), "run.csv").epochs[0].duration) << "before the second ends";
  EXPECT_EQ(read_epoch_table("energy_j,elapsed_s\n100,90\n50,100\n50,110\n", "run.csv").remark, "") << "a slow first epoch";
  EXPECT_NE(complaint("power_w,time_s\n100,1700000000\n50,1700000030\n").find("energy of that epoch is unknown"),
            std::string::npos);
}

TEST(EpochTable, NamedColumnsAreAddedUp) {
  const std::string csv = "epoch,energy_j:nvml:0,energy_j:rapl:packages,x\n1,100,50,0.2\n";
  const EpochTable table = read_epoch_table(csv, "run.csv", {.energy = {"energy_j:nvml:0", "energy_j:rapl:packages"}});
  EXPECT_DOUBLE_EQ(table.epochs[0].energy.value, 150);
  EXPECT_NE(complaint(csv, {.energy = {"x"}}).find("unit of column 'x' is unknown"), std::string::npos);
  EXPECT_DOUBLE_EQ(read_epoch_table(csv, "run.csv", {.energy = {"x"}, .energy_unit = "Wh"}).epochs[0].energy.value, 720);
  EXPECT_NE(complaint(csv, {.energy = {"y"}}).find("column 'y' is not there"), std::string::npos);
  EXPECT_EQ(read_epoch_table(csv, "run.csv", {.energy = {"energy_j:nvml:0"}, .monitored = "x"}).monitored,
            std::vector<double>{0.2});
}

TEST(EpochTable, MilliIsNotMega) {
  const auto joules = [](const std::string& csv, const EpochColumns& columns = {}) {
    return read_epoch_table(csv, "run.csv", columns).epochs[0].energy.value;
  };
  EXPECT_DOUBLE_EQ(joules("energy_mJ\n2\n"), 2e-3);
  EXPECT_DOUBLE_EQ(joules("energy_MJ\n2\n"), 2e6);
  EXPECT_DOUBLE_EQ(joules("energy_mWh\n2\n"), 7.2);
  EXPECT_DOUBLE_EQ(joules("energy_MWh\n2\n"), 7.2e9);
  EXPECT_DOUBLE_EQ(joules("x\n2\n", {.energy = {"x"}, .energy_unit = "mJ"}), 2e-3);
  EXPECT_DOUBLE_EQ(joules("energy_mj\n2\n", {.energy = {"energy_mj"}, .energy_unit = "MJ"}), 2e6);
  EXPECT_DOUBLE_EQ(joules("energy_mj\n2\n", {.energy_unit = "mJ"}), 2e-3);
  EXPECT_NE(complaint("energy_mj\n2\n").find("--energy-column energy_mj --energy-unit mJ|MJ"), std::string::npos);
  EXPECT_NE(complaint("energy_mwh\n2\n").find("--energy-unit mWh|MWh"), std::string::npos);
  EXPECT_NE(complaint("ENERGY_MJ\n2\n").find("may stand for mJ or MJ"), std::string::npos);
  EXPECT_NE(complaint("x\n2\n", {.energy = {"x"}, .energy_unit = "mj"}).find("may stand for"), std::string::npos);
}

TEST(EpochTable, SpacesAroundHeadersDoNotCount) {
  const EpochTable table = read_epoch_table("epoch, energy_j ,\tduration_s\n1, 5, 2\n", "run.csv", {.energy = {"energy_j"}});
  EXPECT_DOUBLE_EQ(table.epochs[0].energy.value, 5);
  EXPECT_DOUBLE_EQ(table.epochs[0].duration->value, 2);
  EXPECT_NE(complaint("energy_j, energy_j\n1,2\n").find("'energy_j' is there twice"), std::string::npos);
}

TEST(EpochTable, SaysWhatIsWrongAndWhere) {
  const std::string header = "epoch,energy_j,elapsed_s\n1,100,10\n";
  const std::pair<std::string, std::string> cases[] = {
      {header + "3,100,20\n", "run.csv:3: epoch 3 follows epoch 1; 1 epoch(s) are missing"},
      {header + "2,100,20\n1,100,30\n", "run.csv:4: epoch 1 is there twice, first in line 2"},
      {"epoch,energy_j\n1,5\n2,5\n0,5\n", "run.csv:4: epoch 0 stands after epoch 2; sort the rows"},
      {"epoch,energy_j\n7,5\n", "run.csv:2: the first row is epoch 7"},
      {header + "2,0,20\n", "run.csv:3: energy_j is 0; expected the energy of the epoch, above 0"},
      {header + "2,-5,20\n", "run.csv:3: energy_j is -5"},
      {header + "2,nan,20\n", "run.csv:3: energy_j is 'nan'; expected a number"},
      {header + "2,,20\n", "run.csv:3: energy_j is ''; expected a number"},
      {header + "2,100,9\n", "run.csv:3: elapsed_s is 9 after 10; expected times that ascend"},
      {header + "2.5,100,20\n", "run.csv:3: epoch is 2.5; expected a whole number"},
      {header + "2,100\n", "run.csv:3: "},
      {"epoch,energy_j\n", "run.csv: no epoch is there yet"},
      {"epoch,loss\n1,2\n", "run.csv: no column tells the energy of an epoch"},
      {"", "run.csv: "}};
  for (const auto& [csv, said] : cases) EXPECT_TRUE(complaint(csv).starts_with(said)) << complaint(csv) << " instead of " << said;
}

}  // namespace
}  // namespace wattlayer
