#include <dlfcn.h>
#include <gtest/gtest.h>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

/// The fake library; its board's counter runs at `rate` times its power.
class AmdSmi : public testing::Test {
 protected:
  void start(double power, double rate = 1, bool counter = true, bool has_power = true, int status = 0) {
    void* library = dlopen(WATTLAYER_FAKE_ROCM_SMI, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    set_ = reinterpret_cast<decltype(set_)>(dlsym(library, "fake_rocm_set"));
    update_ = [=, this](Seconds now) { set_(1000 + now.value * power * rate, power, counter, has_power, status); };
    update_(clock_.now());
    if (!listening_) clock_.on_stretch([this](Seconds from, Seconds duration, Watts) { update_(from + duration); });
    listening_ = true;
  }
  std::vector<MeterDomain> domains() { return source_named("amdsmi").domains(place()); }
  std::unique_ptr<Meter> open(std::string_view domain = "0") { return source_named("amdsmi").open(place(), domain); }
  MeterPlace place() {
    return {.root = tree_.root(), .settings = {{"amdsmi.library", WATTLAYER_FAKE_ROCM_SMI}}, .clock = &clock_};
  }

  SystemTree tree_;
  SimulatedDevice clock_{Watts{1}};

 private:
  void (*set_)(double, double, bool, bool, int) = nullptr;
  std::function<void(Seconds)> update_;
  bool listening_ = false;
};

TEST_F(AmdSmi, CounterThatAgreesWithPowerIsTaken) {
  start(300);
  const auto meter = open();
  EXPECT_EQ(meter->info().method, "counter");
  EXPECT_NEAR(meter->info().resolution.value, 15.3e-6, 1e-9);
  EXPECT_EQ(meter->info().device, "pci:0000:c1:00.0");
  EXPECT_NEAR(clock_.now().value, 0.5, 0.03) << "half a second of trial";
  const Joules first = meter->read();
  clock_.sleep({10});
  EXPECT_NEAR((meter->read() - first).value, 3000, 0.01);
  EXPECT_EQ(meter->state().temperature_c, 71);
  EXPECT_EQ(meter->state().power_limit_w, 560);
}

TEST_F(AmdSmi, CounterAtAWrongRateIsNot) {
  start(300, 0.5);
  const auto meter = open();
  EXPECT_EQ(meter->info().method, "integrated");
  ASSERT_EQ(meter->info().remarks.size(), 2u);
  EXPECT_NE(meter->info().remarks[1].find("counted 75 J where power came to 150 J"), std::string::npos)
      << meter->info().remarks[1];
  const Joules first = meter->read();
  clock_.sleep({10});
  EXPECT_NEAR((meter->read() - first).value, 3000, 1e-6);
}

TEST_F(AmdSmi, WithoutPowerTheCounterIsTakenWithARemark) {
  start(300, 1, true, false);
  const auto meter = open();
  EXPECT_EQ(meter->info().method, "counter");
  EXPECT_NE(meter->info().remarks.at(1).find("could not be checked"), std::string::npos);
}

TEST_F(AmdSmi, WithoutACounterPowerIsIntegrated) {
  start(200, 1, false);
  EXPECT_EQ(domains().at(0).method, "integrated");
  const auto meter = open();
  clock_.sleep({5});
  EXPECT_NEAR(meter->read().value, 1000, 1e-6);
  start(200, 1, false, false);
  EXPECT_NE(error_of([&] { meter->read(); }).find("power cannot be read"), std::string::npos);
}

TEST_F(AmdSmi, PowerMayComeFromTheKernel) {
  start(200, 1, false, false);
  tree_.write("sys/class/hwmon/hwmon5/name", "amdgpu");
  tree_.write("sys/class/hwmon/hwmon5/power1_average", 90'000'000);
  tree_.link("../../../0000:c1:00.0", "sys/class/hwmon/hwmon5/device");
  const auto meter = open();
  clock_.sleep({2});
  EXPECT_NEAR(meter->read().value, 180, 1e-6);
}

TEST_F(AmdSmi, TheSecondDieTellsNothingAndSaysSo) {
  start(300);
  ASSERT_EQ(domains().size(), 2u);
  EXPECT_NE(domains()[1].obstacle.find("second die"), std::string::npos);
  EXPECT_THROW(open("1"), Error);
  EXPECT_THROW(open("2"), Error);
}

TEST_F(AmdSmi, ALibraryThatDoesNotStartOrIsNoneIsTold) {
  start(300, 1, true, true, 8);
  EXPECT_NE(domains().at(0).obstacle.find("status 8"), std::string::npos);
  EXPECT_THROW(open(), Error);
  const MeterPlace none{.settings = {{"amdsmi.library", "/no/such.so"}}, .clock = &clock_};
  EXPECT_TRUE(source_named("amdsmi").domains(none).empty());
  EXPECT_NE(error_of([&] { source_named("amdsmi").open(none, "0"); }).find("install ROCm"), std::string::npos);
  const MeterPlace other{.settings = {{"amdsmi.library", "libm.so.6"}}, .clock = &clock_};
  EXPECT_NE(source_named("amdsmi").domains(other).at(0).obstacle.find("lacks"), std::string::npos);
}

TEST(AmdSmiLibrary, TheNewerLibraryCountsEnergyAndTheKernelTellsPower) {
  void* library = dlopen(WATTLAYER_FAKE_AMD_SMI, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto set_time = reinterpret_cast<void (*)(double)>(dlsym(library, "fake_amd_smi_set_time"));
  SystemTree tree;
  tree.write("sys/class/hwmon/hwmon2/name", "amdgpu");
  tree.write("sys/class/hwmon/hwmon2/power1_average", 250'000'000);
  tree.link("../../../0001:2a:03.1", "sys/class/hwmon/hwmon2/device");
  SimulatedDevice clock({1});
  clock.on_stretch([&](Seconds from, Seconds duration, Watts) { set_time((from + duration).value); });
  set_time(0);
  const MeterPlace place{.root = tree.root(), .settings = {{"amdsmi.library", WATTLAYER_FAKE_AMD_SMI}}, .clock = &clock};
  const auto meter = source_named("amdsmi").open(place, "0001:2a:03.1");
  EXPECT_EQ(meter->info().method, "counter") << "power from the kernel agreed with it";
  EXPECT_EQ(meter->info().device, "pci:0001:2a:03.1");
  const Joules first = meter->read();
  clock.sleep({4});
  EXPECT_NEAR((meter->read() - first).value, 1000, 0.01);
  tree.write("sys/class/hwmon/hwmon2/power1_average", 900'000'000);
  EXPECT_EQ(source_named("amdsmi").open(place, "0")->info().method, "integrated") << "and now it does not";
}

}  // namespace
}  // namespace wattlayer::test
