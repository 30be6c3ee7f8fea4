#include "wattlayer/bench/process_runner.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_folder.h"
#include "wattlayer/bench/fake_runner.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

RunnerCommand fake(std::vector<std::string> options = {}) {
  RunnerCommand command{.name = "fake", .arguments = {WATTLAYER_PROGRAM, "fake-runner"}, .answer_within = {20}};
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  return command;
}

RunnerCommand shell(const std::string& script) {
  return {.name = "shell", .arguments = {"/bin/sh", "-c", script}, .answer_within = {20}};
}

Task relu() { return layer_task(parse_layer("Relu 1x64x56x56")); }
Task conv() { return layer_task(parse_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1")); }

/// Error of a call, as kind and message; internal and empty when there was none.
template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e;
  }
  return Error(ErrorKind::internal, "");
}

/// Whether a process ends within ten seconds; one that nobody has reaped yet has ended.
bool ends(int pid) {
  for (int i = 0; i < 1000; ++i) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    status >> number >> name >> state;
    if (state.empty() || state == "Z") return true;
    ::usleep(10000);
  }
  return false;
}

TEST(ProcessRunner, SaysWhoItIs) {
  const auto runner = start_runner(fake());
  EXPECT_EQ(runner->info().name, "fake");
  EXPECT_EQ(runner->info().devices.at(1).id, "cuda:0");
  EXPECT_TRUE(runner->alive());
}

TEST(ProcessRunner, SimulatedWorkTakesTimeAndEnergyOfTheDeviceOnly) {
  SimulatedDevice device({fake_idle_w});
  RunnerCommand command = fake();
  command.device = &device;
  const auto runner = start_runner(command);
  const int64_t handle = runner->prepare(relu(), {});
  const Seconds time = runner->run(handle, 1000);
  const double bytes = 2 * 4 * 64 * 56 * 56, seconds = 5e-6 + bytes / 1e11;
  EXPECT_NEAR(time.value, 1000 * seconds, 1e-9);
  EXPECT_NEAR(device.now().value, time.value, 1e-12);
  EXPECT_NEAR(device.energy().value, 1000 * (30 * seconds + 60e-12 * bytes), 1e-9);
}

TEST(ProcessRunner, SeveralTasksArePreparedAtATime) {
  const auto runner = start_runner(fake());
  const int64_t a = runner->prepare(relu(), {}), b = runner->prepare(conv(), {});
  EXPECT_NE(a, b);
  EXPECT_LT(runner->run(a, 1).value, runner->run(b, 1).value);
  runner->release(a);
  EXPECT_EQ(error_of([&] { runner->run(a, 1); }).kind(), ErrorKind::unavailable);
  EXPECT_GT(runner->run(b, 1).value, 0);
}

TEST(ProcessRunner, GoesOnAfterWhatItCannotRun) {
  const auto runner = start_runner(fake({"--fault", "unsupported=Conv", "--fault", "out-of-memory=Relu"}));
  const Error unsupported = error_of([&] { runner->prepare(conv(), {}); });
  EXPECT_EQ(unsupported.kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(unsupported.what()).find("Conv 1x64x56x56"), std::string::npos) << unsupported.what();
  const Error memory = error_of([&] { runner->prepare(relu(), {}); });
  EXPECT_EQ(memory.kind(), ErrorKind::unavailable);
  EXPECT_TRUE(std::string(memory.what()).starts_with("out of memory")) << memory.what();
  EXPECT_TRUE(runner->alive());
}

TEST(ProcessRunner, ACrashNamesTheSignalAndTheTask) {
  const auto runner = start_runner(fake({"--fault", "crash=Conv"}));
  const Error error = error_of([&] { runner->prepare(conv(), {}); });
  EXPECT_EQ(error.kind(), ErrorKind::unavailable);
  EXPECT_NE(std::string(error.what()).find("signal 6 (Aborted) when asked to prepare Conv"), std::string::npos) << error.what();
  EXPECT_FALSE(runner->alive());
  EXPECT_EQ(error_of([&] { runner->prepare(relu(), {}); }).kind(), ErrorKind::unavailable);
}

TEST(ProcessRunner, AHangIsKilledInTime) {
  RunnerCommand command = fake({"--fault", "hang=Conv"});
  const auto runner = [&] {
    command.answer_within = {0.5};
    return start_runner(command);
  }();
  const Error error = error_of([&] { runner->prepare(conv(), {}); });
  EXPECT_NE(std::string(error.what()).find("hung: no answer within 0.5 s"), std::string::npos) << error.what();
  EXPECT_FALSE(runner->alive());
}

TEST(ProcessRunner, WaitingEndsOnRequest) {
  RunnerCommand command = fake({"--fault", "hang=Conv"});
  bool stop = false;
  command.cancelled = [&] { return stop; };
  const auto runner = start_runner(command);
  stop = true;
  EXPECT_NE(std::string(error_of([&] { runner->prepare(conv(), {}); }).what()).find("stopped on request"), std::string::npos);
}

TEST(ProcessRunner, WhatIsNoReplyEndsTheRunner) {
  for (const std::string script :
       {"read line; echo nonsense", "read line; echo '[1]'", "read line; echo '{\"id\":7}'", "read line; echo '{\"id\":1}'",
        "read line; echo '{\"id\":\"1\"}'",
        "read line; echo '{\"id\":1,\"protocol\":2,\"name\":\"x\",\"engine\":\"y\",\"version\":\"z\",\"devices\":[]}'", "exit 3"})
    EXPECT_EQ(error_of([&] { start_runner(shell(script)); }).kind(), ErrorKind::unavailable) << script;
  const auto runner = start_runner(fake({"--fault", "garbage=Relu"}));
  EXPECT_EQ(error_of([&] { runner->prepare(relu(), {}); }).kind(), ErrorKind::unavailable);
  EXPECT_FALSE(runner->alive());
}

TEST(ProcessRunner, ALongRequestReachesARunnerThatIsSlowAndLogs) {
  // Half of it was lost when the socket was full and the runner wrote to its log meanwhile.
  const std::string hello = R"({"id":1,"protocol":1,"name":"x","engine":"simulated","version":"1","devices":[]})";
  const auto runner = start_runner(shell("read line; echo '" + hello +
                                         "'; echo busy >&2; sleep 1.2; echo busy >&2; length=$(head -n 1 | wc -c); "
                                         "[ $length -gt 1000000 ] && echo '{\"id\":2,\"handle\":7}'; read line"));
  Task task = relu();
  task.graph.values[0] = std::string(1'000'000, 'x');
  EXPECT_EQ(runner->prepare(task, {}), 7);
}

TEST(ProcessRunner, ANameThatIsNotUtf8IsNoEndOfTheCampaign) {
  const auto runner = start_runner(fake());
  Task task = relu();
  task.graph.values[0] = task.workload.name = "caf\xe9";
  EXPECT_GT(runner->prepare(task, {}), 0);
}

TEST(ProcessRunner, WhatARunnerThatEndedByItselfStartedEndsToo) {
  TemporaryFolder folder;
  const std::string file = (folder / "pid").string();
  EXPECT_THROW(start_runner(shell("sleep 1000 >/dev/null 2>&1 & echo $! > " + file + "; exit 3")), Error);
  int pid = 0;
  std::ifstream(file) >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(ends(pid));
}

TEST(ProcessRunner, DoesNotBelieveMoreSecondsThanPassed) {
  const auto runner =
      start_runner(shell(R"(read line; echo '{"id":1,"protocol":1,"name":"x","engine":"simulated","version":"1","devices":[]}'; )"
                         R"(read line; echo '{"id":2,"handle":1}'; read line; echo '{"id":3,"seconds":1e300}'; read line)"));
  const int64_t handle = runner->prepare(relu(), {});
  EXPECT_NE(std::string(error_of([&] { runner->run(handle, 1); }).what()).find("but it answered after"), std::string::npos);
}

TEST(ProcessRunner, QuotesTheLastWords) {
  const Error error = error_of([] { start_runner(shell("echo 'libcuda is missing' >&2; exit 3")); });
  EXPECT_NE(std::string(error.what()).find("exit status 3"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("libcuda is missing"), std::string::npos) << error.what();
}

TEST(ProcessRunner, AProgramThatIsNotThereIsNamed) {
  const Error error = error_of([] { start_runner({.name = "x", .arguments = {"/nowhere/runner"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::unavailable);
  EXPECT_NE(std::string(error.what()).find("/nowhere/runner: No such file"), std::string::npos) << error.what();
}

TEST(ProcessRunner, WhatItStartedEndsWithIt) {
  TemporaryFolder folder;
  const std::string file = (folder / "pid").string();
  { EXPECT_THROW(start_runner(shell("sleep 1000 & echo $! > " + file + "; read line; echo nonsense; sleep 1000")), Error); }
  int pid = 0;
  std::ifstream(file) >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(ends(pid));
}

}  // namespace
}  // namespace wattlayer
