#include <gtest/gtest.h>

#include <set>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

std::vector<MeterDomain> domains_of(const SystemTree& tree) { return source_named("hwmon").domains({.root = tree.root()}); }

std::unique_ptr<Meter> open_hwmon(const SystemTree& tree, Clock& clock, std::string_view domain) {
  return source_named("hwmon").open({.root = tree.root(), .clock = &clock}, domain);
}

TEST(Hwmon, AmdGraphicsPowerIsIntegrated) {
  const SystemTree tree;
  tree.write("sys/class/hwmon/hwmon4/name", "amdgpu");
  tree.write("sys/class/hwmon/hwmon4/power1_label", "PPT");
  tree.write("sys/class/hwmon/hwmon4/power1_average", 50'000'000);
  tree.link("../../../0000:03:00.0", "sys/class/hwmon/hwmon4/device");
  tree.write("sys/class/hwmon/hwmon0/name", "coretemp");  // measures neither
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 1u);
  EXPECT_EQ(domains[0].name, "amdgpu.ppt");
  EXPECT_EQ(domains[0].scope, "gpu-board");
  EXPECT_EQ(domains[0].method, "integrated");
  EXPECT_TRUE(domains[0].chosen_by_default);
  SimulatedDevice clock({1});
  const auto meter = open_hwmon(tree, clock, "amdgpu.ppt");
  EXPECT_EQ(meter->info().device, "pci:0000:03:00.0");
  clock.sleep({2});
  meter->poll();
  tree.write("sys/class/hwmon/hwmon4/power1_average", 150'000'000);
  clock.sleep({1});
  EXPECT_NEAR(meter->read().value, 200, 1e-6);
}

TEST(Hwmon, EnergyCountersComeBeforePower) {
  const SystemTree tree;
  tree.write("sys/class/hwmon/hwmon2/name", "i915");
  tree.write("sys/class/hwmon/hwmon2/energy1_input", 1'000'000'000);
  tree.write("sys/class/hwmon/hwmon2/power1_max", 5);
  tree.write("sys/class/hwmon/hwmon2/power1_input", 7'000'000);
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 1u);
  EXPECT_EQ(domains[0].method, "counter");
  SimulatedDevice clock({1});
  const auto meter = open_hwmon(tree, clock, "i915.energy1");
  clock.sleep({1});
  tree.write("sys/class/hwmon/hwmon2/energy1_input", 1'033'000'000);
  EXPECT_NEAR(meter->read().value, 33, 1e-9);
  tree.write("sys/class/hwmon/hwmon2/energy1_input", 1000);
  EXPECT_NE(error_of([&] { meter->read(); }).find("backwards"), std::string::npos);
}

TEST(Hwmon, GraceSensorsAreNamedByTheirFirmware) {
  const SystemTree tree;
  int n = 0;
  for (const char* label : {"Module Power Socket 0", "Grace Power Socket 0", "CPU Power Socket 0", "SysIO Power Socket 0"}) {
    const std::string chip = "sys/class/hwmon/hwmon" + std::to_string(n);
    tree.write("sys/devices/ACPI000D:0" + std::to_string(n) + "/power1_average", 100'000'000);
    tree.write("sys/devices/ACPI000D:0" + std::to_string(n) + "/power1_oem_info", label);
    tree.write("sys/devices/ACPI000D:0" + std::to_string(n) + "/power1_average_interval", 50);
    tree.write(chip + "/name", "power_meter");
    tree.link("../../../devices/ACPI000D:0" + std::to_string(n++), chip + "/device");
  }
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 4u);
  for (const MeterDomain& d : domains) EXPECT_EQ(d.chosen_by_default, d.name == "power_meter.grace_power_socket_0") << d.name;
  EXPECT_EQ(find_domain(domains, "power_meter.grace_power_socket_0")->scope, "cpu-package");
  EXPECT_EQ(find_domain(domains, "power_meter.module_power_socket_0")->scope, "module");
  EXPECT_EQ(domains[0].refresh_interval->value, 0.05);
}

TEST(Hwmon, TwoBoardsHaveTwoNames) {
  const SystemTree tree;
  for (const char* n : {"1", "2"}) {
    tree.write(std::string("sys/class/hwmon/hwmon") + n + "/name", "amdgpu");
    tree.write(std::string("sys/class/hwmon/hwmon") + n + "/power1_input", 9'000'000);
    tree.link(std::string("../../../0000:0") + n + ":00.0", std::string("sys/class/hwmon/hwmon") + n + "/device");
  }
  std::set<std::string> names;
  for (const MeterDomain& d : domains_of(tree)) names.insert(d.name);
  EXPECT_EQ(names, (std::set<std::string>{"amdgpu@0000_01_00_0.power1", "amdgpu@0000_02_00_0.power1"}));
}

TEST(Hwmon, ZeroOrGoneIsNoFigure) {
  const SystemTree tree;
  tree.write("sys/class/hwmon/hwmon1/name", "amdgpu");
  tree.write("sys/class/hwmon/hwmon1/power1_average", "0");
  EXPECT_NE(domains_of(tree).at(0).obstacle.find("reads 0"), std::string::npos);
  SimulatedDevice clock({1});
  EXPECT_THROW(open_hwmon(tree, clock, "amdgpu.power1"), Error);
  tree.write("sys/class/hwmon/hwmon1/power1_average", 5'000'000);
  const auto meter = open_hwmon(tree, clock, "amdgpu.power1");
  tree.remove("sys/class/hwmon/hwmon1/power1_average");
  clock.sleep({1});
  EXPECT_NE(error_of([&] { meter->read(); }).find("has disappeared"), std::string::npos);
  EXPECT_THROW(open_hwmon(tree, clock, "no-such"), Error);
}

TEST(Hwmon, IntervalIsStatedOrRemarkedAsAssumed) {
  const SystemTree tree;
  tree.write("sys/class/hwmon/hwmon1/name", "ina226");
  tree.write("sys/class/hwmon/hwmon1/power1_input", 5'000'000);
  EXPECT_EQ(domains_of(tree).at(0).remarks.size(), 1u);
  tree.write("sys/class/hwmon/hwmon1/update_interval", 20);
  EXPECT_TRUE(domains_of(tree).at(0).remarks.empty());
  EXPECT_EQ(domains_of(tree).at(0).refresh_interval->value, 0.02);
  EXPECT_FALSE(domains_of(tree).at(0).chosen_by_default) << "nobody knows what this chip is wired to";
}

}  // namespace
}  // namespace wattlayer::test
