#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

constexpr uint64_t range_262144 = 262143328850, range_65536 = 65532610987;
constexpr const char* zones = "sys/devices/virtual/powercap/intel-rapl/";

const MeterSource& rapl() { return source_named("rapl"); }

std::vector<MeterDomain> domains_of(const SystemTree& tree) { return rapl().domains({.root = tree.root()}); }

std::unique_ptr<Meter> open_rapl(const SystemTree& tree, Clock& clock, std::string_view domain) {
  return rapl().open({.root = tree.root(), .clock = &clock}, domain);
}

/// One package with nothing else.
SystemTree& with_package(SystemTree& tree, uint64_t energy, uint64_t range) {
  tree.write("sys/class/powercap/intel-rapl:0/name", "package-0");
  tree.write("sys/class/powercap/intel-rapl:0/energy_uj", energy);
  tree.write("sys/class/powercap/intel-rapl:0/max_energy_range_uj", range);
  return tree;
}

std::set<std::string> names_of(const std::vector<MeterDomain>& domains) {
  std::set<std::string> names;
  for (const MeterDomain& d : domains) names.insert(d.name);
  return names;
}

TEST(Rapl, TwoSocketsAreFoundByNameNotByIndex) {
  const SystemTree tree("powercap/two-sockets");
  const auto domains = domains_of(tree);
  EXPECT_EQ(names_of(domains), (std::set<std::string>{"packages", "dram", "package-0", "package-1", "dram-0", "dram-1"}));
  for (const MeterDomain& d : domains) {
    EXPECT_EQ(d.obstacle, "") << d.name;
    EXPECT_EQ(d.chosen_by_default, d.name == "packages" || d.name == "dram") << d.name;
    EXPECT_EQ(d.scope, d.name.starts_with("dram") ? "dram" : "cpu-package");
  }
  EXPECT_NEAR(find_domain(domains, "packages")->resolution.value, 61.035e-6, 1e-9);
  // Socket 0 is zone 1.
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "package-0");
  clock.sleep({1});
  tree.write(std::string(zones) + "intel-rapl:1/energy_uj", 101234567890 + 77'000'000);
  EXPECT_DOUBLE_EQ(meter->read().value, 77);
  EXPECT_EQ(meter->info().device, "rapl:package-0");
}

TEST(Rapl, SumOfTheSocketsWrapsEachOnItsOwn) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  EXPECT_EQ(meter->info().device, "rapl:package-0,rapl:package-1");
  clock.sleep({1});
  tree.write(std::string(zones) + "intel-rapl:1/energy_uj", 101234567890 + 50'000'000);
  tree.write(std::string(zones) + "intel-rapl:0/energy_uj", 70'000'000);  // 0.33 J before its end at the start
  EXPECT_NEAR(meter->read().value, 50 + 70 + 0.32885, 1e-4);
}

TEST(Rapl, DefaultIsPackagesAndMemoryOnceEach) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  std::set<std::string> names;
  for (const auto& meter : open_default_meters({.root = tree.root(), .clock = &clock})) names.insert(meter->info().name());
  EXPECT_EQ(names, (std::set<std::string>{"rapl:packages", "rapl:dram"}));
}

TEST(Rapl, CountersShownTwiceCountOnce) {
  const SystemTree tree("powercap/laptop-with-mmio");
  const auto domains = domains_of(tree);
  EXPECT_EQ(names_of(domains), (std::set<std::string>{"packages", "package-0", "core-0", "uncore-0", "psys"}));
  const MeterDomain& packages = *find_domain(domains, "packages");
  EXPECT_NE(packages.what.find("intel-rapl:0"), std::string::npos);
  EXPECT_EQ(packages.what.find("mmio"), std::string::npos);
  EXPECT_FALSE(find_domain(domains, "psys")->chosen_by_default) << "psys holds the package a second time";
  EXPECT_EQ(find_domain(domains, "core-0")->scope, "core-rail");
}

TEST(Rapl, MmioAloneCounts) {
  const SystemTree tree("powercap/laptop-with-mmio");
  for (const char* gone : {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:0:1", "intel-rapl:1", "intel-rapl"})
    tree.remove("sys/class/powercap/" + std::string(gone));
  EXPECT_EQ(names_of(domains_of(tree)), (std::set<std::string>{"packages", "package-0"}));
}

TEST(Rapl, DiesOfAMDAreSummed) {
  const SystemTree tree("powercap/amd-epyc-two-dies");
  const auto domains = domains_of(tree);
  EXPECT_EQ(names_of(domains),
            (std::set<std::string>{"packages", "package-0-die-0", "package-0-die-1", "core-0-die-0", "core-0-die-1"}));
  ASSERT_EQ(find_domain(domains, "core-0-die-0")->remarks.size(), 1u);
  EXPECT_TRUE(find_domain(domains, "packages")->remarks.empty());
}

TEST(Rapl, TreeWithoutTheFlatListIsRead) {
  const SystemTree tree("powercap/two-sockets");
  tree.remove("sys/class/powercap");
  EXPECT_EQ(domains_of(tree).size(), 6u);
}

TEST(Rapl, ADomainThatReadsZeroIsNotCounted) {
  const SystemTree tree("powercap/laptop-with-mmio");
  const auto domains = domains_of(tree);
  EXPECT_NE(find_domain(domains, "uncore-0")->obstacle.find("reads 0"), std::string::npos);
  SimulatedDevice clock({1});
  EXPECT_THROW(open_rapl(tree, clock, "uncore-0"), Error);
}

TEST(Rapl, WrapsAtBothRanges) {
  for (const uint64_t range : {range_262144, range_65536}) {
    SystemTree tree;
    with_package(tree, range - 25'000'000, range);
    SimulatedDevice clock({1});
    const auto meter = open_rapl(tree, clock, "packages");
    clock.sleep({1});
    tree.write("sys/class/powercap/intel-rapl:0/energy_uj", 75'000'000);
    EXPECT_NEAR(meter->read().value, 100, 1e-4);
    EXPECT_NEAR(meter->info().poll_interval->value, range == range_65536 ? 32.8 : 131.1, 0.1) << "half a wrap at 1 kW";
  }
}

TEST(Rapl, PollsCarryItOverManyWrapsBetweenTwoReads) {
  SystemTree tree;
  with_package(tree, 1, range_65536);
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  uint64_t raw = 1;
  for (int i = 0; i < 50; ++i) {
    clock.sleep({30});
    raw = (raw + 27'000'000'000) % range_65536;  // 900 W
    tree.write("sys/class/powercap/intel-rapl:0/energy_uj", raw);
    meter->poll();
  }
  EXPECT_NEAR(meter->read().value, 50 * 27000.0, 0.01);
  EXPECT_TRUE(meter->remarks().empty());
  clock.sleep({300});
  tree.write("sys/class/powercap/intel-rapl:0/energy_uj", (raw + 1) % range_65536);
  meter->read();
  ASSERT_EQ(meter->remarks().size(), 1u) << "nobody polled for 300 s";
  EXPECT_NE(meter->remarks()[0].find("300 s"), std::string::npos);
}

TEST(Rapl, CoresThatStandStillAreRemarked) {
  const SystemTree tree("powercap/laptop-with-mmio");
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "core-0");
  clock.sleep({5});
  EXPECT_EQ(meter->read().value, 0);
  EXPECT_NE(meter->remarks().back().find("intel-rapl:0:0 has not moved"), std::string::npos);
  tree.write(std::string(zones) + "intel-rapl:0/intel-rapl:0:0/energy_uj", 9123456789 + 7'000'000);
  EXPECT_NEAR(meter->read().value, 7, 1e-9);
  EXPECT_EQ(meter->remarks().size(), 1u) << "of SGX";
}

TEST(Rapl, AResetIsAnError) {
  SystemTree tree;
  with_package(tree, 90'000'000'000, range_262144);
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  clock.sleep({1});
  tree.write("sys/class/powercap/intel-rapl:0/energy_uj", 5'000'000);
  meter->poll();
  tree.write("sys/class/powercap/intel-rapl:0/energy_uj", 90'000'000'001);
  const std::string why = error_of([&] { meter->read(); });
  EXPECT_NE(why.find("rapl:packages"), why.npos) << "kept from the poll: " << why;
  EXPECT_NE(why.find("reset"), why.npos) << why;
}

TEST(Rapl, ACounterThatDisappearsIsAnErrorThatNamesIt) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  clock.sleep({1});
  tree.remove("sys/devices/virtual/powercap/intel-rapl/intel-rapl:0");
  const std::string why = error_of([&] { meter->read(); });
  EXPECT_NE(why.find("intel-rapl:0/energy_uj has disappeared"), why.npos) << why;
}

TEST(Rapl, ACounterThatStandsStillIsAnErrorNotZero) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "package-0");
  clock.sleep({0.5});
  EXPECT_EQ(meter->read().value, 0) << "half a second may be too short to tell";
  clock.sleep({2});
  const std::string why = error_of([&] { meter->read(); });
  EXPECT_NE(why.find("stood still"), why.npos) << why;
}

TEST(Rapl, GarbageIsAnError) {
  SystemTree tree;
  with_package(tree, 5, range_262144);
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  for (const char* garbage : {"", "abc", "-5", "99999999999999999999999", "12 34"}) {
    tree.write("sys/class/powercap/intel-rapl:0/energy_uj", garbage);
    EXPECT_NE(error_of([&] { meter->read(); }).find("expected a whole number"), std::string::npos) << garbage;
  }
}

/// Runs as somebody who may read only what everybody may; 77 where this process cannot become nobody.
template <class Check>
int exit_code_as_nobody(Check&& check) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
    _exit(check() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Rapl, MissingPermissionNamesTheFix) {
  SystemTree tree;
  with_package(tree, 5'000'000, range_262144);
  namespace fs = std::filesystem;
  fs::permissions(tree.root(), fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  fs::permissions(tree / "sys/class/powercap/intel-rapl:0/energy_uj", geteuid() == 0 ? fs::perms::owner_read : fs::perms::none);
  const int code = exit_code_as_nobody([&] {
    const auto domains = domains_of(tree);
    const std::string obstacle = domains.empty() ? "" : domains[0].obstacle;
    SimulatedDevice clock({1});
    const std::string refused = error_of([&] { open_rapl(tree, clock, "packages"); });
    const std::string none = error_of([&] { open_default_meters({.root = tree.root(), .clock = &clock}); });
    for (const std::string& text : {obstacle, refused, none})
      if (text.find("sudo chmod a+r " + (tree / "sys/class/powercap").string() + "/*/energy_uj") == text.npos ||
          text.find("`mode class/powercap/ZONE/energy_uj = 0444` in /etc/sysfs.conf (package sysfsutils) for each ZONE of "
                    "intel-rapl:0") == text.npos) {
        fprintf(stderr, "not the fix: %s\n", text.c_str());
        return false;
      }
    return true;
  });
  if (code == 77) GTEST_SKIP() << "this process may not become the user nobody";
  EXPECT_EQ(code, 0);
}

TEST(Rapl, ContainerThatHidesTheTreeIsTold) {
  SystemTree tree;
  tree.link("../../devices/virtual/powercap/intel-rapl", "sys/class/powercap/intel-rapl");
  tree.link("../../devices/virtual/powercap/intel-rapl/intel-rapl:0", "sys/class/powercap/intel-rapl:0");
  std::filesystem::create_directories(tree / "sys/devices/virtual/powercap");
  const auto domains = domains_of(tree);
  ASSERT_EQ(domains.size(), 1u);
  EXPECT_NE(domains[0].obstacle.find("--root /host"), std::string::npos);
  SimulatedDevice clock({1});
  EXPECT_NE(error_of([&] { open_rapl(tree, clock, "packages"); }).find("--root /host"), std::string::npos);
}

TEST(Rapl, NoTreeIsNoDomainAndAClearRefusal) {
  const SystemTree tree;
  EXPECT_TRUE(domains_of(tree).empty());
  SimulatedDevice clock({1});
  const MeterPlace place{.root = tree.root(), .clock = &clock};
  EXPECT_NE(error_of([&] { open_meters(place, "rapl"); }).find("modprobe intel_rapl_msr"), std::string::npos);
}

TEST(Rapl, UnknownDomainListsTheKnown) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  EXPECT_NE(error_of([&] { open_rapl(tree, clock, "package-7"); }).find("rapl:package-1"), std::string::npos);
}

TEST(Rapl, EnergyFilteringIsRemarked) {
  const SystemTree tree("powercap/laptop-with-mmio");
  const auto remarks = find_domain(domains_of(tree), "packages")->remarks;
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("SGX"), std::string::npos);
  std::string register_file(0xBC, '\0');
  register_file += std::string("\1\0\0\0\0\0\0\0", 8);
  tree.write("dev/cpu/0/msr", register_file);
  EXPECT_NE(find_domain(domains_of(tree), "packages")->remarks.at(0).find("filtering is on"), std::string::npos);
  register_file[0xBC] = '\0';
  tree.write("dev/cpu/0/msr", register_file);
  EXPECT_TRUE(find_domain(domains_of(tree), "packages")->remarks.empty());
}

TEST(Rapl, StateTellsClockTemperatureAndThrottling) {
  const SystemTree tree("powercap/two-sockets");
  SimulatedDevice clock({1});
  const auto meter = open_rapl(tree, clock, "packages");
  DeviceState state = meter->state();
  EXPECT_DOUBLE_EQ(*state.clock_hz, 2.35e9);
  EXPECT_DOUBLE_EQ(*state.temperature_c, 61);
  EXPECT_EQ(state.throttle, std::vector<std::string>{}) << "throttled before it was opened";
  tree.write("sys/devices/system/cpu/cpu2/thermal_throttle/package_throttle_count", 4);
  EXPECT_EQ(meter->state().throttle, std::vector<std::string>{"thermal"});
  EXPECT_EQ(meter->state().throttle, std::vector<std::string>{}) << "not since";
}

}  // namespace
}  // namespace wattlayer::test
