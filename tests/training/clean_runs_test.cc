#include "wattlayer/training/clean_runs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

PowerSeries sampled(double from, double to, double step, const std::function<double(double)>& power) {
  PowerSeries series;
  for (double t = from; t <= to; t += step) series.time_s.push_back(t), series.power_w.push_back(power(t));
  return series;
}

TEST(PowerSeries, LinesAreIntegratedExactlyWithEndsBetweenSamples) {
  // 200 W + 0.5 W/s x t: the integral from a to b is 200 (b - a) + 0.25 (b^2 - a^2).
  const PowerSeries ramp = sampled(0, 6000, 60, [](double t) { return 200 + 0.5 * t; });
  for (const auto& [a, b] : {std::pair{17.0, 4321.0}, {60.0, 120.0}, {61.0, 62.0}, {0.0, 6000.0}, {59.0, 61.0}}) {
    const IntegratedPower found = integrate(ramp, a, b, 90);
    EXPECT_EQ(found.fault, IntegratedPower::Fault::none);
    EXPECT_NEAR(found.energy_j, 200 * (b - a) + 0.25 * (b * b - a * a), 1e-6) << a << " " << b;
  }
}

TEST(PowerSeries, AWaveIsIntegratedAsItsSamplesTell) {
  const double period = 7200;
  const PowerSeries wave = sampled(0, 3 * period, 60, [&](double t) { return 300 + 50 * std::sin(2 * M_PI * t / period); });
  EXPECT_NEAR(integrate(wave, 0, period, 90).energy_j, 300 * period, 1);
  const double half = 300 * period / 2 + 50 * period / M_PI;
  EXPECT_NEAR(integrate(wave, period, 1.5 * period, 90).energy_j / half, 1, 1e-4);
}

TEST(PowerSeries, GapsAndZerosAreFaults) {
  PowerSeries series = sampled(0, 600, 60, [](double) { return 100; });
  EXPECT_EQ(integrate(series, -1, 300, 90).fault, IntegratedPower::Fault::missing);
  EXPECT_EQ(integrate(series, 300, 601, 90).fault, IntegratedPower::Fault::missing);
  series.power_w[5] = 0;
  EXPECT_EQ(integrate(series, 250, 500, 90).fault, IntegratedPower::Fault::zero);
  EXPECT_EQ(integrate(series, 0, 240, 90).fault, IntegratedPower::Fault::none);
  EXPECT_EQ(integrate(series, 0, 241, 90).fault, IntegratedPower::Fault::zero);
  series.time_s.erase(series.time_s.begin() + 5), series.power_w.erase(series.power_w.begin() + 5);
  EXPECT_EQ(integrate(series, 0, 500, 90).fault, IntegratedPower::Fault::missing);
  EXPECT_EQ(integrate(series, 0, 240, 90).fault, IntegratedPower::Fault::none);
}

TEST(PowerSeries, ReadsTimesOfBothKinds) {
  EXPECT_EQ(parse_time("1619872200"), 1619872200);
  EXPECT_EQ(parse_time("2021-05-01T12:30:00"), 1619872200);
  EXPECT_EQ(parse_time("2021-05-01 12:30:00.5Z"), 1619872200.5);
  for (const char* bad : {"", "noon", "2021-13-01T00:00:00", "2021-02-30T00:00:00", "2021-05-01", "2021-05-01T12:30:00+02:00"})
    EXPECT_THROW(parse_time(bad), Error) << bad;
}

/// Nodes of constant power: what each run must come to is known.
struct Cluster {
  std::map<std::string, PowerSeries> power;
  std::string runs = "run,node,node_type,hardware,dataset,size,samples,start,end\n";
  int count = 0;

  void run(const std::string& node, const std::string& dataset, int samples, double start, double seconds, double size = 64) {
    runs += "r" + std::to_string(++count) + "," + node + "," + node.substr(0, 4) + "," + node.substr(0, 3) + "," + dataset + "," +
            std::to_string(size) + "," + std::to_string(samples) + "," + std::to_string(start) + "," +
            std::to_string(start + seconds) + "\n";
  }
};

Cluster two_types() {
  Cluster c;
  // Idle for the first 100,000 s, then at work.
  const auto node = [&](const std::string& name, double idle, double work) {
    c.power[name] = sampled(0, 400000, 60, [=](double t) { return t < 100000 ? idle : work; });
  };
  node("cpu1-a", 220, 300), node("cpu4-b", 388, 468);
  return c;
}

TEST(CleanRuns, StandardisesByIdlePowerOfTheNodeType) {
  Cluster c = two_types();
  c.run("cpu1-a", "wine", 4898, 120030, 1000);
  c.run("cpu4-b", "wine", 4898, 120030, 1000);
  const CleanedRuns cleaned = clean_runs(read_node_runs(c.runs), c.power);
  ASSERT_EQ(cleaned.runs.size(), 2u);
  EXPECT_TRUE(cleaned.dropped.empty());
  EXPECT_EQ(cleaned.idle_w.at("cpu1"), 220);
  EXPECT_EQ(cleaned.idle_w.at("cpu4"), 388);
  EXPECT_EQ(cleaned.reference.at("cpu"), "cpu1");
  EXPECT_NEAR(cleaned.runs[0].std_energy_j, 300e3, 1e-6);
  EXPECT_NEAR(cleaned.runs[1].energy_j, 468e3, 1e-6);
  EXPECT_NEAR(cleaned.runs[1].std_energy_j, 300e3, 1e-6);
  const CleanedRuns stated = clean_runs(read_node_runs(c.runs), c.power, {.idle_w = {{"cpu4", 320}}});
  EXPECT_NEAR(stated.runs[1].std_energy_j, 368e3, 1e-6);
}

TEST(CleanRuns, TheSmallestRunsTellTheOverhead) {
  Cluster c = two_types();
  for (int i = 0; i < 21; ++i) c.run("cpu1-a", "tecator", 240, 110000 + 1000.0 * i, 50 + i);
  c.run("cpu1-a", "tecator", 240, 140000, 10, 1 << 20);  // too large a network to count
  c.run("cpu1-a", "wine", 4898, 150000, 1000);
  const CleanedRuns cleaned = clean_runs(read_node_runs(c.runs), c.power);
  const RunOverhead& overhead = cleaned.overhead.at("cpu");
  EXPECT_EQ(overhead.runs, 21u);
  EXPECT_NEAR(overhead.time_s, 51, 1e-9);  // 5 % of 20 steps
  EXPECT_NEAR(overhead.energy_j, 51 * 300, 1e-6);
  const std::string csv = print_clean_runs(read_node_runs(c.runs), cleaned);
  EXPECT_NE(csv.find(",1000,300000,300,300000,300,284700,949\n"), std::string::npos) << csv;
}

TEST(CleanRuns, TheSmallestDataSetMustBeThere) {
  Cluster c = two_types();
  c.run("cpu1-a", "wine", 4898, 150000, 1000);
  CleaningRules rules;
  rules.smallest_dataset = "wind";
  try {
    clean_runs(read_node_runs(c.runs), c.power, rules);
    FAIL() << "an unknown data set is taken";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "no run that is kept is of the data set 'wind'; known: wine");
  }
}

TEST(CleanRuns, DropsByRuleWithCounts) {
  Cluster c = two_types();
  for (int i = 0; i < 40; ++i) c.run("cpu1-a", "wine", 4898, 110000 + 300.0 * i, 100 + i % 3);
  c.run("cpu1-a", "wine", 4898, 150000, 20000);    // far beyond the others
  c.run("cpu1-a", "adult", 48842, 200000, 80000);  // too long
  c.run("cpu4-b", "wine", 4898, 399000, 2000);     // the series ends
  c.run("none-c", "wine", 4898, 120000, 100);      // no series at all
  c.run("cpu4-b", "wine", 4898, 150000, 100);      // a zero
  c.run("cpu4-b", "wine", 4898, 160000, 500), c.run("cpu4-b", "wine", 4898, 160400, 500);
  c.power["cpu4-b"].power_w[150060 / 60] = 0;
  const CleanedRuns cleaned = clean_runs(read_node_runs(c.runs), c.power);
  EXPECT_EQ(cleaned.runs.size(), 40u);
  EXPECT_EQ(cleaned.dropped.at("power samples are missing"), 2u);
  EXPECT_EQ(cleaned.dropped.at("a power sample of 0 W or less"), 1u);
  EXPECT_EQ(cleaned.dropped.at("run time above 75000 s"), 1u);
  EXPECT_EQ(cleaned.dropped.at("another run on the same node at the same time"), 2u);
  EXPECT_EQ(cleaned.dropped.size(), 5u);
}

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& e) {
    return e.what();
  }
  return "taken";
}

TEST(CleanRuns, SaysWhatIsWrongAndWhere) {
  const auto power = [](const std::string& rows) { return refusal([&] { read_power("node,time,power_w\n" + rows); }); };
  EXPECT_NE(power("a,60,1\na,0,1\n").find("line 3: node a: expected times that rise, found 0 after a later one"),
            std::string::npos);
  EXPECT_NE(power("a,60,1\na,60,1\n").find("found 60 twice"), std::string::npos);
  EXPECT_NE(power("a,x,1\n").find("line 2: time: expected seconds or a time"), std::string::npos);
  EXPECT_NE(power("a,1,\n").find("line 2: power_w: expected a number, found ''"), std::string::npos);
  EXPECT_NE(power("").find("no rows"), std::string::npos);
  const auto runs = [](const std::string& rows) {
    return refusal([&] { read_node_runs("run,node,start,end,dataset,size\n" + rows); });
  };
  EXPECT_NE(runs("1,a,100,100,d,8\n").find("line 2: run 1: expected an end after its start"), std::string::npos);
  EXPECT_NE(runs("1,a,0,100,d,8\n1,b,0,100,d,8\n").find("line 3: run 1 is there twice"), std::string::npos);
  EXPECT_NE(runs("1,a,0,100,d,-8\n").find("line 2: size: expected a number above 0"), std::string::npos);
  EXPECT_NE(refusal([] { read_node_runs("run,node\n"); }).find("expected a column start"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer
