#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

TEST(ConstantMeter, IsStatedPowerTimesTime) {
  SimulatedDevice clock({1});
  const MeterPlace place{.settings = {{"constant.watts", "65"}}, .clock = &clock};
  const auto meters = open_meters(place, "constant");
  ASSERT_EQ(meters.size(), 1u);
  EXPECT_EQ(meters[0]->info().method, "modelled");
  EXPECT_EQ(meters[0]->info().facts.at("constant.watts"), "65");
  const Joules start = meters[0]->read();
  clock.sleep({10});
  EXPECT_DOUBLE_EQ((meters[0]->read() - start).value, 650);
}

TEST(ConstantMeter, TdpGoesByUtilisation) {
  const TemporaryFolder root;
  std::filesystem::create_directories(root / "proc");
  const auto write = [&](int busy, int idle) {
    std::ofstream(root / "proc/stat") << "cpu  " << busy << " 0 0 " << idle << " 0 0 0 0 0 0\ncpu0 1 2 3 4\n";
  };
  SimulatedDevice clock({1});
  write(1000, 5000);
  const MeterPlace place{.root = root.path(), .settings = {{"constant.tdp", "200"}}, .clock = &clock};
  const auto meter = std::move(open_meters(place, "constant:tdp").front());
  clock.sleep({1});
  write(1025, 5075);
  EXPECT_DOUBLE_EQ(meter->read().value, 50);
  clock.sleep({1});
  EXPECT_DOUBLE_EQ(meter->read().value, 50) << "no tick yet: unknown, not idle";
  write(1225, 5075);
  EXPECT_DOUBLE_EQ(meter->read().value, 250) << "the second before the tick is counted with it";
  std::filesystem::remove(root / "proc/stat");
  EXPECT_THROW(meter->read(), Error);
}

TEST(ConstantMeter, NeedsAStatedPowerAndIsNeverChosenSilently) {
  SystemClock clock;
  const TemporaryFolder empty;
  EXPECT_THROW(open_meters({.clock = &clock}, "constant:watts"), Error);
  EXPECT_THROW(open_meters({.clock = &clock}, "constant"), Error);
  for (const char* value : {"0", "-5", "x", "", "nan", "1e999", "65 W"})
    EXPECT_THROW(open_meters({.settings = {{"constant.watts", value}}, .clock = &clock}, "constant:watts"), Error) << value;
  const MeterPlace stated{.root = empty.path(), .settings = {{"constant.watts", "65"}}, .clock = &clock};
  try {
    open_default_meters(stated);
    FAIL() << "a stated power was taken for a measurement";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unavailable);
  }
}

}  // namespace
}  // namespace wattlayer
