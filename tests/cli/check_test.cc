#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

const std::string trees = WATTLAYER_SOURCE_DIR "/tests/data/powercap/";
const std::string no_nvml = "nvml.library=/no/such/library";

ProgramRun check(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"check", "--meter-setting", no_nvml});
  return run_program(arguments);
}

Json json_of(const ProgramRun& run) {
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return Json::parse(run.out);
}

Json meter_of(const Json& page, const std::string& name) {
  for (const Json& meter : page.at("meters"))
    if (meter.at("meter") == name) return meter;
  ADD_FAILURE() << name << " is not on the page";
  return {};
}

TEST(CheckVerb, ListsEveryDomainWithItsFigures) {
  const Json page = json_of(check({"--root", trees + "two-sockets", "--json"}));
  EXPECT_EQ(page.at("schema"), 1);
  EXPECT_EQ(page.at("can_measure"), true);
  EXPECT_EQ(page.at("machine").at("sockets"), 2);
  EXPECT_EQ(page.at("machine").at("governor"), "powersave");
  const Json meter = meter_of(page, "rapl:packages");
  EXPECT_EQ(meter.at("scope"), "cpu-package");
  EXPECT_EQ(meter.at("refresh_interval_s"), 0.001);
  EXPECT_NEAR(meter.at("resolution_j").get<double>(), 61e-6, 1e-6);
  EXPECT_EQ(meter.at("readable"), true);
  EXPECT_EQ(meter.at("default"), true);
  EXPECT_TRUE(meter.at("obstacle").is_null());
  EXPECT_TRUE(meter_of(page, "constant:watts").at("resolution_j").is_null()) << "unknown is not 0";
}

TEST(CheckVerb, AStatedPowerThatIsNoneIsAnObstacle) {
  for (const char* watts : {"abc", "nan", "inf", "-5", "0", ""}) {
    const Json page = json_of(check({"--meter-setting", std::string("constant.watts=") + watts, "--json"}));
    const Json meter = meter_of(page, "constant:watts");
    EXPECT_EQ(meter.at("readable"), false) << watts;
    EXPECT_NE(meter.value("obstacle", "").find("constant.watts: expected a"), std::string::npos) << watts << meter;
  }
}

TEST(CheckVerb, WhatAMachineDoesNotTellIsNullAndNotZero) {
  const ScratchFolder empty;
  const Json machine = json_of(check({"--root", empty.path().string(), "--json"})).at("machine");
  for (const char* field : {"processor", "sockets", "cores", "threads"}) EXPECT_TRUE(machine.at(field).is_null()) << field;
  const ProgramRun run = check({"--root", empty.path().string()});
  EXPECT_EQ(run.out.find("unknown processor:"), run.out.npos) << run.out;
}

TEST(CheckVerb, SaysWhatAMeasurementTakes) {
  const ProgramRun run = check({"--root", trees + "two-sockets"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("A measurement takes rapl:packages, rapl:dram"), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("cpupower frequency-set -g performance"), run.out.npos) << run.out;
}

TEST(CheckVerb, NothingToMeasureIsSaidWithTheWayOut) {
  const ScratchFolder empty;
  const ProgramRun run = check({"--root", empty.path().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Nothing measures energy here"), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("constant.watts=WATTS"), run.out.npos) << run.out;
  EXPECT_EQ(json_of(check({"--root", empty.path().string(), "--json"})).at("can_measure"), false);
}

TEST(CheckVerb, AVirtualMachineExplainsTheMissingCounter) {
  const ScratchFolder tree;
  tree.file("proc/cpuinfo", "processor : 0\nmodel name : Any CPU\nflags : fpu hypervisor sse2\n");
  tree.file("sys/class/dmi/id/sys_vendor", "QEMU\n");
  const ProgramRun run = check({"--root", tree.path().string()});
  EXPECT_NE(run.out.find("virtual machine (QEMU): the hypervisor hides"), run.out.npos) << run.out;
}

TEST(CheckVerb, AContainerExplainsTheMissingCounter) {
  const ScratchFolder tree;
  tree.file(".dockerenv", "");
  const ProgramRun run = check({"--root", tree.path().string()});
  EXPECT_NE(run.out.find("--root /host"), run.out.npos) << run.out;
}

TEST(CheckVerb, ProbeFindsTheRealRefreshAndPower) {
  const ScratchFolder empty;
  const ProgramRun run = run_program(
      {"check", "--probe", "--json", "--root", empty.path().string(), "--meter-setting", "nvml.library=" WATTLAYER_FAKE_NVML});
  const Json probe = meter_of(json_of(run), "nvml:0").at("probe");
  ASSERT_TRUE(probe.at("failure").is_null()) << probe;
  EXPECT_NEAR(probe.at("refresh_interval_s").get<double>(), 0.1, 0.03);
  EXPECT_NEAR(probe.at("power_w").get<double>(), 100, 10);
  EXPECT_LT(probe.at("read_s").get<double>(), 0.01);
}

TEST(CheckVerb, ProbeOfACounterThatStandsStillSaysSo) {
  const ProgramRun run = check({"--root", trees + "two-sockets", "--probe", "--json"});
  const Json probe = meter_of(json_of(run), "rapl:packages").at("probe");
  EXPECT_NE(probe.at("failure").get<std::string>().find("stood still"), std::string::npos) << probe;
  EXPECT_TRUE(probe.at("power_w").is_null());
}

TEST(CheckVerb, RefusesWithOneSentence) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--meter-setting", "no.such=1"}, {"--meter-setting", "constant.watts"}}) {
    const ProgramRun run = check(arguments);
    EXPECT_EQ(run.exit_code, 1) << run.out;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
  EXPECT_EQ(check({"--root", "/no/such/folder"}).exit_code, 2);
}

}  // namespace
}  // namespace wattlayer::test
