#include "wattlayer/meter/counter.h"

#include <gtest/gtest.h>

#include <string>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr double microjoule = 1e-6;
constexpr uint64_t range_262144 = 262143328850, range_65536 = 65532610987;  // max_energy_range_uj of an Intel and an AMD socket

std::string fault_of(EnergyCounter& counter, uint64_t raw, double now) {
  try {
    counter.update(raw, {now});
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unavailable);
    return e.what();
  }
  return "";
}

TEST(EnergyCounter, CountsFromTheFirstReading) {
  EnergyCounter counter(microjoule, range_262144);
  EXPECT_EQ(counter.update(5'000'000, {0}).value, 0);
  EXPECT_DOUBLE_EQ(counter.update(55'000'000, {1}).value, 50);
  EXPECT_DOUBLE_EQ(counter.update(155'000'000, {2}).value, 150);
}

TEST(EnergyCounter, GoesOnOverAWrap) {
  for (const uint64_t range : {range_262144, range_65536}) {
    EnergyCounter counter(microjoule, range);
    counter.update(range - 40'000'000, {0});
    EXPECT_NEAR(counter.update(60'000'000, {1}).value, 100, 1e-4);
    EXPECT_NEAR(counter.update(80'000'000, {2}).value, 120, 1e-4);
  }
}

TEST(EnergyCounter, WrapsManyTimesAtAKilowatt) {
  EnergyCounter counter(microjoule, range_65536);
  Joules energy{0};
  uint64_t raw = 0;
  for (int i = 0; i <= 1000; ++i) {
    energy = counter.update(raw, {i * 32.0});
    raw = (raw + 32'000'000'000) % range_65536;
  }
  EXPECT_NEAR(energy.value, 32'000'000, 1);
  EXPECT_NEAR(counter.wrap_time()->value, 65.5, 0.1);
}

TEST(EnergyCounter, AResetIsNoWrap) {
  EnergyCounter counter(microjoule, range_262144);
  counter.update(100'000'000'000, {0});
  const std::string fault = fault_of(counter, 3'000'000, 1);  // as a wrap: 162 kJ in a second
  EXPECT_NE(fault.find("reset"), fault.npos) << fault;
  EXPECT_EQ(fault_of(counter, 4'000'000, 2), fault) << "what was used in between stays lost";
}

TEST(EnergyCounter, BackwardsWithoutAWrapIsAReset) {
  EnergyCounter counter(1e-3, 0);
  counter.update(1000, {0});
  const std::string fault = fault_of(counter, 999, 1);
  EXPECT_NE(fault.find("ran backwards"), fault.npos) << fault;
}

TEST(EnergyCounter, AJumpThatNobodyCouldDrawIsAFault) {
  EnergyCounter counter(microjoule, range_262144);
  counter.update(0, {0});
  EXPECT_NE(fault_of(counter, 90'000'000'000, 1), "");
}

TEST(EnergyCounter, ARefreshThatComesRightAfterAReadingIsNoJump) {
  EnergyCounter counter(1e-3, 0, {.most = {3000}, .slack = {600}});
  counter.update(912'010'000, {10});
  EXPECT_NEAR(counter.update(912'080'000, {10.0002}).value, 70, 1e-9) << "100 ms at 700 W";
  EXPECT_NEAR(counter.update(912'360'000, {10.4}).value, 350, 1e-9) << "a sensor that missed three refreshes";
}

TEST(EnergyCounter, StandingStillIsAFaultOnlyForThoseWhoAsk) {
  EnergyCounter counter(microjoule, range_262144);
  counter.update(7, {0});
  counter.update(8, {1});
  counter.update(8, {1.9});
  counter.require_movement({1.9}, {1});
  counter.update(8, {2.5});
  EXPECT_THROW(counter.require_movement({2.5}, {1}), Error);
}

}  // namespace
}  // namespace wattlayer
