#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <set>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/perf_event.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

/// Two sockets with one processor each that speaks for it.
void write_pmu(const SystemTree& tree) {
  const std::string pmu = "sys/bus/event_source/devices/power/";
  tree.write(pmu + "type", "12");
  tree.write(pmu + "cpumask", "0,24");
  for (const auto& [event, code] : std::map<std::string, std::string>{{"energy-pkg", "0x02"}, {"energy-ram", "0x03"}}) {
    tree.write(pmu + "events/" + event, "event=" + code);
    tree.write(pmu + "events/" + event + ".unit", "Joules");
    tree.write(pmu + "events/" + event + ".scale", "2.3283064365386962890625e-10");
  }
  tree.write("sys/devices/system/cpu/cpu0/topology/physical_package_id", "0");
  tree.write("sys/devices/system/cpu/cpu24/topology/physical_package_id", "1");
  tree.write("proc/sys/kernel/perf_event_paranoid", "2");
}

/// Stands for the kernel: each opened event reads from a pipe that the test fills.
class FakePerf {
 public:
  ~FakePerf() {
    for (auto& [processor, file] : writers_) close(file);
  }
  OpenPerfEvent open() {
    return [this](uint32_t type, uint64_t config, int processor) {
      EXPECT_EQ(type, 12u);
      opened_.insert({config, processor});
      int ends[2];
      if (pipe(ends) != 0) return -errno;
      if (writers_.contains(processor)) close(writers_[processor]);
      writers_[processor] = ends[1];
      count(processor, 0);
      return ends[0];
    };
  }
  /// What the counter shows at its next reading.
  void count(int processor, double joules) {
    const auto raw = static_cast<uint64_t>(joules * 4294967296.0);
    EXPECT_EQ(write(writers_.at(processor), &raw, sizeof raw), static_cast<ssize_t>(sizeof raw));
  }
  std::set<std::pair<uint64_t, int>> opened_;

 private:
  std::map<int, int> writers_;
};

TEST(RaplPerf, DiesAreCountersOfTheirOwnAsInPowercap) {
  const SystemTree tree;
  write_pmu(tree);
  for (const auto& [processor, die] : std::map<std::string, int>{{"0", 0}, {"1", 1}, {"24", 0}, {"25", 1}}) {
    const std::string topology = "sys/devices/system/cpu/cpu" + processor + "/topology/";
    tree.write(topology + "physical_package_id", processor.size() == 1 ? "0" : "1");
    tree.write(topology + "die_id", std::to_string(die));
  }
  const auto domains = source_named("rapl-perf").domains({.root = tree.root()});
  const MeterDomain* packages = find_domain(domains, "packages");
  ASSERT_NE(packages, nullptr);
  EXPECT_EQ(packages->device, "rapl:package-0-die-0,rapl:package-0-die-1,rapl:package-1-die-0,rapl:package-1-die-1");
}

TEST(RaplPerf, SumsTheSocketsAndKnowsEach) {
  const SystemTree tree;
  write_pmu(tree);
  SimulatedDevice clock({1});
  FakePerf perf;
  const MeterPlace place{.root = tree.root(), .clock = &clock};
  std::set<std::string> names;
  for (const MeterDomain& d : perf_domains(place, perf.open())) {
    names.insert(d.name);
    EXPECT_EQ(d.obstacle, "");
    EXPECT_EQ(d.chosen_by_default, d.name == "packages" || d.name == "dram");
  }
  EXPECT_EQ(names, (std::set<std::string>{"packages", "package-0", "package-1", "dram"}));
  perf.opened_.clear();
  const auto meter = open_perf_meter(place, "packages", perf.open());
  EXPECT_EQ(perf.opened_, (std::set<std::pair<uint64_t, int>>{{2, 0}, {2, 24}}));
  EXPECT_EQ(meter->info().device, "rapl:package-0,rapl:package-1") << "the same lock as powercap";
  clock.sleep({1});
  perf.count(0, 40);
  perf.count(24, 60);
  EXPECT_NEAR(meter->read().value, 100, 1e-6);
}

TEST(RaplPerf, BackwardsStillAndGoneAreErrors) {
  const SystemTree tree;
  write_pmu(tree);
  SimulatedDevice clock({1});
  const MeterPlace place{.root = tree.root(), .clock = &clock};
  FakePerf perf;
  const auto meter = open_perf_meter(place, "package-1", perf.open());
  clock.sleep({1});
  perf.count(24, 30);
  EXPECT_NEAR(meter->read().value, 30, 1e-6);
  clock.sleep({2});
  perf.count(24, 30);
  EXPECT_NE(error_of([&] { meter->read(); }).find("stood still"), std::string::npos);
  const auto other = open_perf_meter(place, "package-0", perf.open());
  clock.sleep({0.1});
  perf.count(0, 9);
  other->read();
  perf.count(0, 3);
  EXPECT_NE(error_of([&] { other->read(); }).find("backwards"), std::string::npos);
}

TEST(RaplPerf, MissingPermissionNamesBothWays) {
  const SystemTree tree;
  write_pmu(tree);
  SimulatedDevice clock({1});
  const MeterPlace place{.root = tree.root(), .clock = &clock};
  const OpenPerfEvent denied = [](uint32_t, uint64_t, int) { return -EACCES; };
  for (const std::string& text :
       {perf_domains(place, denied).at(0).obstacle, error_of([&] { open_perf_meter(place, "packages", denied); })}) {
    EXPECT_NE(text.find("paranoid is 2"), text.npos) << text;
    EXPECT_NE(text.find("sysctl kernel.perf_event_paranoid=0"), text.npos) << text;
    EXPECT_NE(text.find("setcap cap_perfmon+ep"), text.npos) << text;
  }
  const OpenPerfEvent bogus = [](uint32_t, uint64_t, int) { return -EINVAL; };
  EXPECT_NE(perf_domains(place, bogus).at(0).obstacle.find("does not count it"), std::string::npos);
}

TEST(RaplPerf, NoPmuOrABrokenOneIsNoDomain) {
  const SystemTree tree;
  const MeterPlace place{.root = tree.root()};
  EXPECT_TRUE(perf_domains(place, open_perf_event).empty());
  write_pmu(tree);
  tree.write("sys/bus/event_source/devices/power/cpumask", "x");
  EXPECT_TRUE(perf_domains(place, open_perf_event).empty());
  EXPECT_THROW(open_perf_meter(place, "packages", open_perf_event), Error);
}

TEST(RaplPerf, TheKernelAnswers) {
  const int file = open_perf_event(1, 1, 0);  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK on processor 0
  if (file < 0) GTEST_SKIP() << "perf_event_open is not allowed here: " << strerror(-file);
  uint64_t count = 0;
  EXPECT_EQ(read(file, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  close(file);
}

}  // namespace
}  // namespace wattlayer::test
