#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/poller.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

/// The fake library with a script of its own for each test, and time that only the test moves.
class Nvml : public testing::Test {
 protected:
  void start(const char* script) {
    void* library = dlopen(WATTLAYER_FAKE_NVML, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    write_script_ = reinterpret_cast<void (*)(const char*)>(dlsym(library, "fake_nvml_script"));
    set_time_ = reinterpret_cast<void (*)(double)>(dlsym(library, "fake_nvml_set_time"));
    rewrite(script);
    clock_.on_stretch([this](Seconds from, Seconds duration, Watts) { set_time_((from + duration).value); });
  }
  /// What happens from now on.
  void rewrite(const char* script) {
    write_script_(script);
    set_time_(clock_.now().value);
  }
  MeterPlace place(std::map<std::string, std::string> settings = {}) {
    settings["nvml.library"] = WATTLAYER_FAKE_NVML;
    return {.settings = settings, .clock = &clock_};
  }
  std::vector<MeterDomain> domains(std::map<std::string, std::string> settings = {}) {
    return source_named("nvml").domains(place(std::move(settings)));
  }
  std::unique_ptr<Meter> open(std::string_view domain = "0", std::map<std::string, std::string> settings = {}) {
    return source_named("nvml").open(place(std::move(settings)), domain);
  }

  SimulatedDevice clock_{Watts{1}};

 private:
  void (*write_script_)(const char*) = nullptr;
  void (*set_time_)(double) = nullptr;
};

TEST_F(Nvml, TwoBoardsWithTheirCounters) {
  start("boards=2 power=300");
  const auto all = domains();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].name, "1");
  EXPECT_EQ(all[2].scope, "gpu-board");
  EXPECT_EQ(all[2].method, "counter");
  EXPECT_TRUE(all[2].chosen_by_default);
  EXPECT_EQ(all[2].obstacle, "");
  const auto meter = open("1");
  EXPECT_EQ(meter->info().device, "nvml:GPU-fake-1");
  EXPECT_EQ(meter->info().facts.at("nvml.driver"), "570.86.15");
  const Joules start = meter->read();
  clock_.sleep({10});
  EXPECT_NEAR((meter->read() - start).value, 3100, 1e-6);
  EXPECT_EQ(open("GPU-fake-1")->info().name(), "nvml:1");
}

TEST_F(Nvml, PowerBesideTheCounterChecksIt) {
  start("power=300");
  const MeterDomain power = domains().at(1);
  EXPECT_EQ(power.name, "0.power");
  EXPECT_EQ(power.method, "integrated");
  EXPECT_FALSE(power.chosen_by_default) << "the same energy twice";
  const auto counter = open("0"), integral = open("GPU-fake-0.power");
  EXPECT_EQ(integral->info().name(), "nvml:0.power");
  EXPECT_EQ(integral->info().device, counter->info().device);
  const Joules counted = counter->read(), integrated = integral->read();
  clock_.sleep({10});
  EXPECT_NEAR((integral->read() - integrated).value, 3000, 1e-6);
  EXPECT_NEAR((counter->read() - counted).value, 3000, 1e-6);
}

TEST_F(Nvml, CounterMovesEvery100Milliseconds) {
  start("power=300");
  const auto meter = open();
  EXPECT_EQ(meter->info().refresh_interval->value, 0.1);
  double last = meter->read().value;
  int changes = 0;
  for (int i = 0; i < 100; ++i) {
    clock_.sleep({0.01});
    const double now = meter->read().value;
    changes += now != last;
    last = now;
  }
  EXPECT_EQ(changes, 10);
}

TEST_F(Nvml, WithoutACounterInstantPowerIsIntegrated) {
  for (const char* counter : {"energy=absent power=250", "energy=zero power=250", "energy=na power=250"}) {
    start(counter);
    const auto all = domains();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].method, "integrated");
    const auto meter = open();
    EXPECT_EQ(meter->info().facts.at("nvml.sensor"), "instant power (field 186)");
    ASSERT_TRUE(meter->info().poll_interval);
    const Joules start = meter->read();
    clock_.sleep({1});
    meter->poll();
    rewrite("energy=absent power=450");
    clock_.sleep({1});
    EXPECT_NEAR((meter->read() - start).value, 250 + 350, 1e-6);
  }
}

TEST_F(Nvml, WithoutInstantPowerItsPowerUsage) {
  for (const char* script : {"energy=absent field186=absent", "energy=absent field186=na", "energy=absent field186=zero"}) {
    start(script);
    const auto meter = open();
    EXPECT_EQ(meter->info().facts.at("nvml.sensor"), "power usage") << script;
    clock_.sleep({2});
    EXPECT_NEAR(meter->read().value, 200, 1e-6);
  }
}

TEST_F(Nvml, NothingAtAllIsAnObstacleNeverZero) {
  for (const char* script : {"energy=absent field186=absent usage=absent", "energy=zero field186=zero usage=zero",
                             "energy=na field186=na usage=na", "energy=absent field186=absent usage=na"}) {
    start(script);
    ASSERT_EQ(domains().size(), 1u);
    EXPECT_NE(domains()[0].obstacle, "") << script;
    EXPECT_THROW(open(), Error) << script;
    EXPECT_THROW(open_default_meters(place()), Error) << script;
  }
}

TEST_F(Nvml, AStuckCounterIsAnError) {
  start("power=300");
  const auto meter = open();
  clock_.sleep({1});
  EXPECT_NEAR(meter->read().value, 300, 1e-6);
  rewrite("power=300 energy=stuck");  // at its value after one second
  clock_.sleep({1});
  EXPECT_NEAR(meter->read().value, 300, 1e-6) << "ten refreshes may be too few to tell";
  clock_.sleep({1});
  EXPECT_NE(error_of([&] { meter->read(); }).find("stood still for 2 s"), std::string::npos);
}

TEST_F(Nvml, AResetCounterIsAnError) {
  start("power=300");
  clock_.sleep({50});
  const auto meter = open();
  rewrite("energy=reset");
  EXPECT_NE(error_of([&] { meter->read(); }).find("reset"), std::string::npos);
}

TEST_F(Nvml, ALostBoardIsAnErrorInItsOwnWords) {
  for (const char* script : {"power=300", "power=300 energy=absent"}) {
    start(script);
    const auto meter = open();
    clock_.sleep({1});
    rewrite("lost=1");
    meter->poll();
    const std::string why = error_of([&] { meter->read(); });
    EXPECT_NE(why.find("GPU is lost (NVML 15)"), why.npos) << why;
    EXPECT_NE(why.find("nvml:0"), why.npos) << why;
  }
}

TEST_F(Nvml, ZeroWattsNowAndThenAreLeftOutButNotForLong) {
  start("energy=absent power=200");
  const auto meter = open();
  clock_.sleep({0.5});
  rewrite("energy=absent field186=zero");
  meter->poll();
  clock_.sleep({0.5});
  EXPECT_NEAR(meter->read().value, 200, 1e-6);
  clock_.sleep({0.6});
  EXPECT_NE(error_of([&] { meter->read(); }).find("0 W"), std::string::npos);
}

TEST_F(Nvml, StateTellsWhatTheBoardTells) {
  start("throttle=0x65");
  const DeviceState state = open()->state();
  EXPECT_EQ(state.clock_hz, 1.98e9);
  EXPECT_EQ(state.memory_clock_hz, 2.619e9);
  EXPECT_EQ(state.temperature_c, 63);
  EXPECT_EQ(state.power_limit_w, 700);
  EXPECT_EQ(state.throttle, (std::vector<std::string>{"power cap", "thermal", "hardware thermal"}));
  rewrite("temperature=na clock=absent limit=na throttle=1");
  const DeviceState silent = open()->state();
  EXPECT_FALSE(silent.temperature_c || silent.clock_hz || silent.power_limit_w) << "N/A is absent, not 0";
  EXPECT_EQ(silent.throttle, std::vector<std::string>{}) << "an idle board is not throttled";
}

TEST_F(Nvml, MigHasBoardPowerOnlyAndOnlyOnRequest) {
  start("mig=1");
  EXPECT_NE(domains().at(0).obstacle.find("MIG is on"), std::string::npos);
  EXPECT_THROW(open(), Error);
  const auto meter = open("0", {{"nvml.mig", "board"}});
  const auto remarks = meter->info().remarks;
  EXPECT_TRUE(std::any_of(remarks.begin(), remarks.end(), [](auto& r) { return r.find("MIG") != r.npos; }));
}

TEST_F(Nvml, VirtualGpuIsUnavailable) {
  start("vgpu=1");
  EXPECT_NE(domains().at(0).obstacle.find("virtual GPU"), std::string::npos);
  EXPECT_THROW(open(), Error);
}

TEST_F(Nvml, A100AndH100SeeAQuarterAndSaySo) {
  for (const auto& [name, quarter] : {std::pair<std::string, bool>{"NVIDIA-A100-SXM4-40GB", true},
                                      {"NVIDIA-H200", true},
                                      {"NVIDIA-GeForce-RTX-4090", false},
                                      {"Tesla-V100", false}}) {
    start(("name=" + name).c_str());
    const auto remarks = domains().at(0).remarks;
    EXPECT_EQ(!remarks.empty() && remarks[0].find("25 ms of every 100") != std::string::npos, quarter) << name;
  }
}

TEST_F(Nvml, CorrectionIsOffUntilStated) {
  start("power=300");
  EXPECT_FALSE(open()->info().facts.contains("nvml.correction"));
  const auto meter = open("0", {{"nvml.gain.GPU-fake-0", "0.954"}, {"nvml.offset.GPU-fake-0", "-1.2"}});
  EXPECT_EQ(meter->info().facts.at("nvml.correction"), "(reading - -1.2 W) / 0.954");
  Joules last = meter->read();
  const Joules start = last;
  for (int i = 0; i < 1000; ++i) {
    clock_.sleep({0.01});
    EXPECT_GE(meter->read(), last);
    last = meter->read();
  }
  EXPECT_NEAR((last - start).value, 10 * (300 + 1.2) / 0.954, 0.1);
}

TEST_F(Nvml, CorrectionIsForOneBoard) {
  start("boards=2");
  EXPECT_NE(error_of([&] { open("0", {{"nvml.gain", "0.9"}}); }).find("nvml.gain.GPU-fake-0"), std::string::npos);
  EXPECT_NE(error_of([&] { open("0", {{"nvml.gain.GPU-fake-0", "0"}}); }).find("positive"), std::string::npos);
  rewrite("boards=1");
  EXPECT_TRUE(open("0", {{"nvml.gain", "0.9"}})->info().facts.contains("nvml.correction"));
}

TEST_F(Nvml, ADriverThatDoesNotStartIsAnObstacle) {
  start("init=18");
  ASSERT_EQ(domains().size(), 1u);
  EXPECT_NE(domains()[0].obstacle.find("version mismatch"), std::string::npos);
  EXPECT_NE(error_of([&] { open(); }).find("version mismatch"), std::string::npos);
}

TEST_F(Nvml, NoLibraryIsNoDomain) {
  const MeterPlace none{.settings = {{"nvml.library", "/no/such/libnvidia-ml.so.1"}}, .clock = &clock_};
  EXPECT_TRUE(source_named("nvml").domains(none).empty());
  EXPECT_NE(error_of([&] { source_named("nvml").open(none, "0"); }).find("install the NVIDIA driver"), std::string::npos);
  const MeterPlace other{.settings = {{"nvml.library", "libm.so.6"}}, .clock = &clock_};
  EXPECT_NE(error_of([&] { source_named("nvml").open(other, "0"); }).find("is no NVML"), std::string::npos);
}

TEST_F(Nvml, PollsFromAThreadAgreeWithReads) {
  start("energy=absent power=100");
  rewrite("energy=absent power=100");
  SystemClock clock;
  MeterPlace real = place();
  real.clock = &clock;
  const auto meter = source_named("nvml").open(real, "0");
  Meter* meters[] = {meter.get()};
  const Poller poller(meters, clock);
  const Seconds before_first = clock.now();
  const Joules first = meter->read();
  const Seconds after_first = clock.now();
  for (int i = 0; i < 2000; ++i) meter->state();
  const Seconds before_last = clock.now();
  const Joules used = meter->read() - first;
  EXPECT_GE(used.value, 100 * (before_last - after_first).value - 1e-6);
  EXPECT_LE(used.value, 100 * (clock.now() - before_first).value + 1e-6);
}

}  // namespace
}  // namespace wattlayer::test
