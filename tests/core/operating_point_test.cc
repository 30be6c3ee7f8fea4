#include "wattlayer/core/operating_point.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

Hardware shipped(const std::string& id) { return parse_hardware(*DataFiles().read("hardware", id + ".json"), id); }

TEST(OperatingPoint, FollowsTheMeasuredVoltageAndIdlePower) {
  const Hardware a100 = shipped("a100-pcie-40gb");
  const OperatingPoint slow = operating_point(a100, {{"clock_mhz", "900"}});
  EXPECT_NEAR(slow.clock, 900.0 / 1410, 1e-12);
  EXPECT_NEAR(slow.dynamic, std::pow(0.69375 / 0.89375, 2), 1e-4);
  EXPECT_NEAR(slow.idle, 47.35 / 67.34, 1e-9);
  const OperatingPoint nominal = operating_point(a100, {{"clock_mhz", "1410"}});
  EXPECT_NEAR(nominal.dynamic, 1, 1e-12);
  EXPECT_NEAR(nominal.idle, 1, 1e-12);
}

TEST(OperatingPoint, WithoutTablesVoltageIsATypicalOneAndIdlePowerStays) {
  const Hardware h = shipped("rtx-3090");
  const OperatingPoint half = operating_point(h, {{"clock_mhz", "847.5"}});
  EXPECT_DOUBLE_EQ(half.clock, 0.5);
  EXPECT_NEAR(half.dynamic, 0.49, 1e-12);
  EXPECT_EQ(half.idle, 1);
  EXPECT_EQ(operating_point(h, {}), OperatingPoint{});
}

TEST(OperatingPoint, IdlePowerFollowsTheClockWhereNoVoltageWasMeasured) {
  const Hardware h100 = shipped("h100-sxm");
  const OperatingPoint slow = operating_point(h100, {{"clock_mhz", "900"}});
  EXPECT_LT(slow.idle, 0.7);
  EXPECT_GT(slow.idle, 0.4);
  EXPECT_NEAR(slow.dynamic, std::pow(std::max(0.7, 0.4 + 0.6 * 900 / 1980), 2), 1e-12);
}

TEST(OperatingPoint, RefusesWhatIsNoClock) {
  EXPECT_THROW(operating_point(shipped("rtx-3090"), {{"clock_mhz", "fast"}}), Error);
  EXPECT_THROW(operating_point(shipped("simulated"), {{"clock_mhz", "900"}}), Error);
}

}  // namespace
}  // namespace wattlayer
