#include "wattlayer/meter/meter_source.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/meter/system_tree.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

std::string refusal(const MeterPlace& place, std::string_view names) {
  try {
    open_meters(place, names);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(MeterSources, AreSortedAndNamedOnce) {
  const auto sources = meter_sources();
  ASSERT_GE(sources.size(), 2u);
  EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end(), [](auto* a, auto* b) { return a->name <= b->name; }));
}

TEST(OpenMeters, OpensSeveralByName) {
  SimulatedDevice device({1});
  const MeterPlace place{.settings = {{"constant.watts", "5"}}, .clock = &device, .device = &device};
  const auto meters = open_meters(place, "fake:board,constant:watts,fake:board+gain=2");
  ASSERT_EQ(meters.size(), 3u);
  EXPECT_EQ(meters[0]->info().name(), "fake:board");
  EXPECT_EQ(meters[1]->info().name(), "constant:watts");
  EXPECT_EQ(meters[2]->info().name(), "fake:board+gain=2");
}

TEST(DefaultMeters, CountACounterOnceWhateverWaysLeadToIt) {
  // A board that AMD's library and the kernel both show, and packages that are summed over their sockets.
  const test::SystemTree tree("powercap/two-sockets");
  tree.write("sys/class/hwmon/hwmon5/name", "amdgpu");
  tree.write("sys/class/hwmon/hwmon5/power1_average", 90'000'000);
  tree.link("../../../0000:c1:00.0", "sys/class/hwmon/hwmon5/device");
  MeterPlace place{.root = tree.root(), .settings = {{"nvml.library", "/no/such"}, {"amdsmi.library", "/no/such"}}};
  EXPECT_EQ(default_meter_names(place), (std::vector<std::string>{"hwmon:amdgpu.power1", "rapl:packages", "rapl:dram"}));
  void* library = dlopen(WATTLAYER_FAKE_ROCM_SMI, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr);
  reinterpret_cast<void (*)(double, double, bool, bool, int)>(dlsym(library, "fake_rocm_set"))(1000, 90, true, true, 0);
  place.settings["amdsmi.library"] = WATTLAYER_FAKE_ROCM_SMI;
  EXPECT_EQ(default_meter_names(place), (std::vector<std::string>{"amdsmi:0", "rapl:packages", "rapl:dram"}));
}

TEST(OpenMeters, RefusesWithASentence) {
  SimulatedDevice device({1});
  const MeterPlace place{.clock = &device, .device = &device};
  EXPECT_NE(refusal(place, "no-such:0").find("known: "), std::string::npos);
  EXPECT_NE(refusal(place, "").find("no meter is named"), std::string::npos);
  EXPECT_NE(refusal(place, "fake:board,fake:board").find("named twice"), std::string::npos);
  const MeterPlace mistyped{.settings = {{"constant.wats", "5"}}, .clock = &device, .device = &device};
  EXPECT_NE(refusal(mistyped, "fake").find("constant.watts"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer
