#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/meter/system_tree.h"
#include "wattlayer/meter/power_log.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {
namespace {

constexpr double start = 1767225600;  // of simulated time, 2026-01-01

/// A clock whose pauses let the test write more of the log.
class WritingClock final : public Clock {
 public:
  Seconds now() override { return now_; }
  void sleep(Seconds duration) override {
    now_ += duration;
    if (while_asleep) while_asleep();
  }
  std::string date() override { return ""; }
  Seconds since_epoch() override { return Seconds{start} + now_; }
  std::function<void()> while_asleep;

 private:
  Seconds now_{0};
};

void append(const SystemTree& tree, const std::string& text) { std::ofstream(tree / "log.csv", std::ios::app) << text; }

std::unique_ptr<Meter> open_log(const SystemTree& tree, Clock& clock, std::map<std::string, std::string> settings = {}) {
  settings["csv.file"] = (tree / "log.csv").string();
  return std::move(open_meters({.settings = settings, .clock = &clock}, "csv").front());
}

TEST(LogTime, NumbersBySizeAndIsoWithZones) {
  for (const char* text : {"1767225600.5", "1767225600500", "1767225600500000", "1767225600500000000", "2026-01-01T00:00:00.5Z",
                           "2026-01-01 00:00:00.5", "2026-01-01T01:00:00.5+01:00", "2025-12-31T19:00:00.5-0500"})
    EXPECT_NEAR(parse_log_time(text).value_or(Seconds{0}).value, start + 0.5, 1e-6) << text;
  for (const char* text :
       {"", "noon", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00", "2026-01-01T00:00:00X", "1e999"})
    EXPECT_FALSE(parse_log_time(text)) << text;
}

TEST(CsvMeter, JoinsALogOfPowerByTime) {
  const SystemTree tree;
  append(tree, "time,watts\n");
  for (int i = 0; i <= 100; ++i) append(tree, fmt::format("{},{}\n", start + i, i < 50 ? 100 : 200));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  EXPECT_EQ(meter->info().method, "integrated");
  EXPECT_EQ(meter->info().scope, "wall");
  EXPECT_EQ(meter->info().refresh_interval->value, 1);
  clock.sleep({10.25});
  const Joules first = meter->read();
  clock.sleep({20});
  EXPECT_NEAR((meter->read() - first).value, 2000, 1e-6);
  clock.sleep({30});
  EXPECT_NEAR((meter->read() - first).value, 38.75 * 100 + 150 + 10.25 * 200, 1e-4) << "one second lies between the two powers";
}

TEST(CsvMeter, EdgesBetweenRowsAreInterpolated) {
  const SystemTree tree;
  append(tree, fmt::format("time;power_mw\n{};0\n{};1000000\n", start, start + 10));  // 0 to 1 kW in 10 s
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  clock.sleep({2});
  const Joules first = meter->read();
  clock.sleep({3});
  EXPECT_NEAR((meter->read() - first).value, (5.0 * 5.0 - 2.0 * 2.0) / 2 * 100, 1e-6);
}

TEST(CsvMeter, LogOfEnergyIsACounter) {
  const SystemTree tree;
  append(tree, fmt::format("Timestamp,Energy_kWh\n{},12.0\n{},12.1\n", start, start + 3600));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  EXPECT_EQ(meter->info().method, "counter");
  clock.sleep({1800});
  EXPECT_NEAR(meter->read().value, 0.05 * 3.6e6, 1e-6);
}

TEST(CsvMeter, OffsetMovesItsClock) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},0\n{},0\n{},100\n{},100\n", start - 60, start - 50, start - 49.999, start + 60));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock, {{"csv.offset_s", "60"}});  // its clock is a minute behind
  clock.sleep({5});
  EXPECT_NEAR(meter->read().value, 0, 1e-6);
  clock.sleep({10});
  EXPECT_NEAR(meter->read().value, 500, 0.1);
}

TEST(CsvMeter, WaitsForALoggerThatLags) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n", start));
  WritingClock clock;
  // Writes whole seconds, 0.7 s late, in two halves.
  double written = 0;
  clock.while_asleep = [&] {
    while (written + 1 + 0.7 <= clock.now().value) {
      written += 1;
      append(tree, fmt::format("{},1", start + written));
      append(tree, "00\n");
    }
  };
  const auto meter = open_log(tree, clock);
  clock.sleep({10.4});
  const Joules first = meter->read();
  EXPECT_NEAR(first.value, 1040, 1e-4) << "of the moment of the call";
  EXPECT_NEAR(clock.now().value, 11.7, 0.1) << "it waited for the row of 11 s";
  const Joules next = meter->read_start();
  EXPECT_NEAR(next.value, clock.now().value * 100, 1e-4) << "of the moment of the return";
}

TEST(CsvMeter, HalfALineIsNotRead) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n{},1", start, start + 1));
  WritingClock clock;
  clock.while_asleep = [&, done = false]() mutable {
    if (clock.now().value > 2 && !done) append(tree, fmt::format("00\n{},100\n", start + 2)), done = true;
  };
  const auto meter = open_log(tree, clock);
  clock.sleep({0.9});
  EXPECT_NEAR(meter->read().value, 90, 1e-4);
}

TEST(CsvMeter, ALineHalfWrittenAtTheLastTryIsNoRow) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n", start));
  WritingClock clock;
  const auto meter = open_log(tree, clock, {{"csv.wait_s", "3"}});
  clock.sleep({1});
  clock.while_asleep = [&, done = false]() mutable {
    if (clock.now().value > 3.9 && !done) append(tree, fmt::format("{},12", start + 5)), done = true;
  };
  EXPECT_NE(error_of([&] { meter->read(); }).find("ends at"), std::string::npos) << "12 W of 123 W";
  append(tree, fmt::format("3\n{},123\n", start + 10));
  const double t = clock.now().value;
  EXPECT_NEAR(meter->read().value, 100 * t + 23.0 / 10 * t * t, 1e-3);
}

TEST(CsvMeter, ALineTakenForWholeIsReadAgainWhenItGrows) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n{},1", start, start + 5));
  WritingClock clock;
  const auto meter = open_log(tree, clock, {{"csv.wait_s", "2"}});
  clock.sleep({0.5});
  meter->read();  // takes 1 W after two seconds without more
  append(tree, fmt::format("00\n{},100\n", start + 10));
  clock.sleep({5});
  EXPECT_NEAR(meter->read().value, 100 * clock.now().value, 1e-4);
}

TEST(CsvMeter, FinishedLogMayEndWithoutALineBreak) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n{},100", start, start + 20));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock, {{"csv.wait_s", "1"}});
  clock.sleep({5});
  EXPECT_NEAR(meter->read().value, 500, 1e-6);
}

TEST(CsvMeter, ALogThatEndsOrBeginsOutsideIsAnErrorWithTheTimes) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n{},100\n", start + 10, start + 20));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  const std::string early = error_of([&] { meter->read(); });
  EXPECT_NE(early.find("begins at 2026-01-01T00:00:10Z"), early.npos) << early;
  clock.sleep({34});
  const std::string late = error_of([&] { meter->read(); });
  EXPECT_NE(late.find("ends at 2026-01-01T00:00:20Z, 14 s before"), late.npos) << late;
  EXPECT_NE(late.find("is the logger running?"), late.npos) << late;
}

TEST(CsvMeter, ColumnsByNameAndWithout) {
  for (const auto& [header, row, settings] :
       std::vector<std::tuple<std::string, std::string, std::map<std::string, std::string>>>{
           {"volts,Power,date\n", "230,50,{}\n", {}},
           {"", "{},50\n", {}},
           {"time\toutlet 3\tw\n", "{}\t50\t7\n", {{"csv.column", "outlet 3"}}},
           {"# a remark\n\"time\",\"watts\"\r\n", "{},50\r\n", {}}}) {
    const SystemTree tree;
    append(tree, header + fmt::format(fmt::runtime(row), start) + fmt::format(fmt::runtime(row), start + 10));
    SimulatedDevice clock({1});
    const auto meter = open_log(tree, clock, settings);
    clock.sleep({10});
    EXPECT_NEAR(meter->read().value, 500, 1e-6) << header;
  }
}

TEST(CsvMeter, BadLogsAreRefusedWithTheLine) {
  for (const auto& [text, words] :
       std::vector<std::pair<std::string, std::string>>{{"a,b\n1,2\n", "line 1: expected columns"},
                                                        {"time,watts\n1,2\nx,3\n", "line 3: expected a time"},
                                                        {"time,watts\n1,two\n", "line 2: expected a number"},
                                                        {"time,watts\n1,-2\n", "line 2: expected a number from 0"},
                                                        {"time,watts\n5,2\n4,2\n", "line 3: its time lies before"},
                                                        {"time,watts\n5\n", "line 2: expected 2 columns"},
                                                        {"time,energy_j\n5,100\n6,99\n", "runs backwards"}}) {
    const SystemTree tree;
    append(tree, text);
    SimulatedDevice clock({1});
    EXPECT_NE(error_of([&] { open_log(tree, clock); }).find(words), std::string::npos) << text;
    const MeterPlace place{.settings = {{"csv.file", (tree / "log.csv").string()}}, .clock = &clock};
    EXPECT_NE(source_named("csv").domains(place).at(0).obstacle.find(words), std::string::npos) << text;
  }
  const SystemTree none;
  SimulatedDevice clock({1});
  EXPECT_NE(error_of([&] { open_log(none, clock); }).find("cannot read the power log"), std::string::npos);
}

TEST(CsvMeter, ALogBegunAnewIsAnError) {
  const SystemTree tree;
  append(tree, fmt::format("time,watts\n{},100\n{},100\n", start, start + 100));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  std::filesystem::remove(tree / "log.csv");
  append(tree, "time,watts\n");
  EXPECT_NE(error_of([&] { meter->read(); }).find("begun anew"), std::string::npos);
}

TEST(CsvMeter, GapsAreRemarked) {
  const SystemTree tree;
  append(tree, "time,watts\n");
  for (const double at : {0, 1, 2, 3, 40, 41}) append(tree, fmt::format("{},100\n", start + at));
  SimulatedDevice clock({1});
  const auto meter = open_log(tree, clock);
  ASSERT_EQ(meter->remarks().size(), 1u);
  EXPECT_NE(meter->remarks()[0].find("37 s"), std::string::npos);
  clock.sleep({40.5});
  meter->begin();
  EXPECT_TRUE(meter->remarks().empty()) << "it lay before the measurement";
}

}  // namespace
}  // namespace wattlayer::test
