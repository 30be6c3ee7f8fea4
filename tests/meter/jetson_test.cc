#include <gtest/gtest.h>

#include <set>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

std::vector<MeterDomain> domains_of(const SystemTree& tree) { return source_named("jetson").domains({.root = tree.root()}); }

std::unique_ptr<Meter> open_jetson(const SystemTree& tree, Clock& clock, std::string_view domain) {
  return source_named("jetson").open({.root = tree.root(), .clock = &clock}, domain);
}

void write_old_nano(const SystemTree& tree) {
  const std::string chip = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/";
  const char* names[] = {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"};
  for (int k = 0; k < 3; ++k) {
    tree.write(chip + "rail_name_" + std::to_string(k), names[k]);
    tree.write(chip + "in_power" + std::to_string(k) + "_input", 2000 * (3 - k));
  }
  tree.write("sys/bus/i2c/drivers/ina3221x/uevent", "");
}

void write_new(const SystemTree& tree, const std::string& device, std::vector<std::string> names) {
  const std::string chip = "sys/bus/i2c/drivers/ina3221/" + device + "/hwmon/hwmon3/";
  for (size_t k = 1; k <= names.size(); ++k) {
    tree.write(chip + "in" + std::to_string(k) + "_label", names[k - 1]);
    tree.write(chip + "in" + std::to_string(k) + "_input", 5000);
    tree.write(chip + "curr" + std::to_string(k) + "_input", 1000 * k);
  }
  tree.write(chip + "in7_label", "sum of shunt voltages");
  tree.write(chip + "in7_input", 99);
}

TEST(Jetson, ACurrentBelow0IsNoneAndNoFault) {
  const SystemTree tree;
  write_new(tree, "1-0040", {"VDD_IN"});
  tree.write("sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/curr1_input", "-8");
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "VDD_IN");
  clock.sleep({1});
  EXPECT_EQ(meter->read().value, 0);
}

TEST(Jetson, OldLayoutReadsTheBoardsSupply) {
  const SystemTree tree;
  write_old_nano(tree);
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 3u);
  EXPECT_EQ(domains[0].name, "POM_5V_IN");
  EXPECT_EQ(domains[0].scope, "board");
  for (const MeterDomain& d : domains) EXPECT_EQ(d.chosen_by_default, d.name == "POM_5V_IN");
  EXPECT_EQ(find_domain(domains, "POM_5V_GPU")->scope, "gpu-rail");
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "POM_5V_IN");
  clock.sleep({10});
  EXPECT_NEAR(meter->read().value, 60, 1e-9);
}

TEST(Jetson, OldLayoutWithoutPowerMultipliesVoltageAndCurrent) {
  const SystemTree tree;
  const std::string chip = "sys/bus/i2c/drivers/ina3221x/0-0041/iio:device1/";
  tree.write(chip + "rail_name_0", "VDD_IN");
  tree.write(chip + "in_voltage0_input", 19000);
  tree.write(chip + "in_current0_input", 500);
  tree.write(chip + "rail_name_1", "NC");
  ASSERT_EQ(domains_of(tree).size(), 1u);
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "VDD_IN");
  clock.sleep({2});
  EXPECT_NEAR(meter->read().value, 19, 1e-9);
}

TEST(Jetson, NewLayoutMultipliesVoltageAndCurrent) {
  const SystemTree tree;
  write_new(tree, "1-0040", {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"});
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 3u) << "the sum of shunt voltages is no rail";
  EXPECT_TRUE(find_domain(domains, "VDD_IN")->chosen_by_default);
  EXPECT_EQ(find_domain(domains, "VDD_CPU_GPU_CV")->scope, "cpu-gpu-rail");
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "VDD_SOC");
  clock.sleep({1});
  EXPECT_NEAR(meter->read().value, 15, 1e-9);
}

TEST(Jetson, WithoutASupplyRailTheSumOfTheRailsIsTaken) {
  const SystemTree tree;
  write_new(tree, "1-0040", {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"});
  write_new(tree, "1-0041", {"NC", "VDDQ_VDD2_1V8AO", "NC"});
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 5u);
  EXPECT_EQ(domains[0].name, "rails");
  EXPECT_TRUE(domains[0].chosen_by_default);
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "rails");
  clock.sleep({1});
  EXPECT_NEAR(meter->read().value, 5 + 10 + 15 + 10, 1e-9);
  EXPECT_NE(meter->info().device.find("jetson:VDD_CPU_CV,"), std::string::npos);
}

TEST(Jetson, ARailThatDisappearsIsAnError) {
  const SystemTree tree;
  write_old_nano(tree);
  SimulatedDevice clock({1});
  const auto meter = open_jetson(tree, clock, "POM_5V_CPU");
  tree.remove("sys/bus/i2c/drivers/ina3221x/6-0040");
  meter->poll();
  EXPECT_NE(error_of([&] { meter->read(); }).find("has disappeared"), std::string::npos);
  EXPECT_TRUE(domains_of(tree).empty());
  EXPECT_THROW(open_jetson(tree, clock, "POM_5V_IN"), Error);
}

}  // namespace
}  // namespace wattlayer::test
