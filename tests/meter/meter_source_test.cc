#include "wattlayer/meter/meter_source.h"

#include <gtest/gtest.h>

#include <algorithm>

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
  EXPECT_NE(meters[0]->info().device, meters[2]->info().device);
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
