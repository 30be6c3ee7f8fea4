#include "wattlayer/datasets/series.h"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "tests/shared_folder.h"
#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"

namespace wattlayer {
namespace {

const std::string start =
    R"({"schema": 1, "title": "t", "source": "s", "licence": "l", "scope": "gpu-board", "meter": "nvml",
  "splits": [{"name": "blocks", "kind": "leave-block", "train": "training-run", "test": "training-run"}], "series": [)";
const std::string epochs = R"({"files": "e.csv", "hardware": "h", "series": "{run}", "block": "{block}", "fewest_epochs": 2,
  "epoch": "{epoch}", "energy_j": "{kwh * 3600000}", "duration_s": "{s}"}]})";
const std::string traces = R"({"files": "t.csv", "hardware": "h", "series": "{net}/{stamp}", "block": "{net}", "group": "{net}",
  "time_s": "{t}", "power_w": "{w}", "totals": {"files": "r.csv", "group": "{net}", "epochs": "{n}", "energy_j": "{mj * 1000000}",
  "duration_s": "{h * 3600}"}}]})";

class Series : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::vector<RunsRead> read(const std::string& series) {
    return read_series(parse_dataset(start + series, "d"), folder_.path());
  }
  std::string complaint(const std::string& series) {
    try {
      for (const RunsRead& runs : read(series))
        if (!runs.refused.empty()) return runs.refused.front();
    } catch (const Error& e) {
      return e.what();
    }
    return "nothing is wrong";
  }
  TemporaryFolder folder_;
};

TEST_F(Series, RowsOfOneRunMakeItsEpochs) {
  write("e.csv", "run,block,epoch,kwh,s\na,x,1,0.001,10\nb,x,11,0.002,5\na,x,2,0.001,10\nb,x,12,0.003,6\nc,y,1,1,1\n");
  const std::vector<RunsRead> all = read(epochs);
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].runs.size(), 2u);
  EXPECT_EQ(all[0].too_short, 1u);
  EXPECT_EQ(all[0].runs[1].name, "b");
  EXPECT_EQ(all[0].runs[1].epochs[1].number, 12);
  EXPECT_DOUBLE_EQ(all[0].runs[1].epochs[1].energy.value, 10800);
  EXPECT_FALSE(all[0].runs[0].total);
}

TEST_F(Series, SaysFileAndLineOfWhatIsWrong) {
  write("e.csv", "run,block,epoch,kwh,s\na,x,1,0.001,10\na,x,3,0.001,10\n");
  EXPECT_NE(complaint(epochs).find("e.csv:3: epoch 3 of a follows epoch 1; expected 2"), std::string::npos);
  write("e.csv", "run,block,epoch,kwh,s\na,x,1,0,10\n");
  EXPECT_NE(complaint(epochs).find("e.csv:2: energy is '0'; expected a number above 0"), std::string::npos);
  EXPECT_NE(complaint(traces).find("holds none of t.csv"), std::string::npos);
}

TEST_F(Series, ABadRunLeavesTheOthers) {
  write("e.csv", "run,block,epoch,kwh,s\na,x,1,0.001,10\nb,x,1,0.002,5\na,x,1,0.001,10\nb,x,2,0.003,6\na,x,2,0.001,10\n");
  const std::vector<RunsRead> all = read(epochs);
  ASSERT_EQ(all.at(0).runs.size(), 1u);
  EXPECT_EQ(all[0].runs[0].name, "b");
  EXPECT_EQ(all[0].runs[0].epochs.size(), 2u);
  EXPECT_EQ(all[0].refused.size(), 1u);  // its first fault alone
}

TEST_F(Series, ASeriesWithoutSplitIsNoDescription) {
  const std::string text =
      R"({"schema": 1, "title": "t", "source": "s", "licence": "l", "scope": "gpu-board", "meter": "nvml", "series": [)";
  EXPECT_THROW(parse_dataset(text + epochs, "d"), Error);
}

TEST_F(Series, ATraceIsCutIntoEqualEpochs) {
  write("t.csv", "net,stamp,t,w\nv,2,0,100\nv,2,3600,100\nv,1,0,50\nv,1,1800,50\n");
  write("r.csv", "net,n,mj,h\nv,2,0.09,0.5\nv,4,0.36,1\nother,1,1,1\n");
  const std::vector<EpochSeries> runs = read(traces).at(0).runs;
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "v/1") << "traces are in the order of their names, rows in that of the table";
  EXPECT_EQ(runs[0].epochs.size(), 2u);
  EXPECT_DOUBLE_EQ(runs[0].total->value, 90000);
  EXPECT_EQ(runs[1].epochs.size(), 4u);
  EXPECT_DOUBLE_EQ(runs[1].epochs[3].energy.value, 90000);
  EXPECT_DOUBLE_EQ(runs[1].epochs[3].duration->value, 900);
}

TEST_F(Series, TracesThatDoNotGoWithTheTableAreRefused) {
  write("t.csv", "net,stamp,t,w\nv,1,0,50\nv,1,1800,50\n");
  write("r.csv", "net,n,mj,h\nv,2,0.09,0.9\n");
  EXPECT_NE(complaint(traces).find("trace v/1 lasts 1800 s, the run in its place 3240 s"), std::string::npos);
  write("r.csv", "net,n,mj,h\nv,2,0.09,0.5\nv,2,0.09,0.5\n");
  EXPECT_NE(complaint(traces).find("v has 1 traces and 2 runs"), std::string::npos);
}

TEST(EnergyOfParts, IsTheIntegral) {
  const auto total = [](const std::vector<Joules>& parts) {
    double sum = 0;
    for (const Joules part : parts) sum += part.value;
    return sum;
  };
  std::vector<Seconds> times;
  std::vector<Watts> ramp;
  for (int i = 0; i <= 10; ++i) times.push_back(Seconds{5.0 + i}), ramp.push_back(Watts{10.0 * i});
  for (const size_t parts : {1, 2, 3, 7, 10, 23}) {
    const std::vector<Joules> energies = energy_of_parts(times, ramp, parts);
    EXPECT_NEAR(total(energies), 500, 1e-9) << parts;
    const double part = 10.0 / static_cast<double>(parts);
    for (size_t p = 0; p < parts; ++p)
      EXPECT_NEAR(energies[p].value, 5 * part * part * static_cast<double>(2 * p + 1), 1e-9) << parts << " " << p;
  }
  times[4] = times[3];
  EXPECT_THROW(energy_of_parts(times, ramp, 2), Error);
  EXPECT_THROW(energy_of_parts({Seconds{1}}, {Watts{1}}, 1), Error);
}

TEST(Series_, OfAShippedDatasetAreNoMeasurements) {
  const DatasetDescription description = require_dataset(DataFiles(), "energydl-full");
  EXPECT_THROW(import_dataset(description, "/nowhere", DataFiles()), Error);
}

TEST(Series_, TracesOfGaissaGoWithTheirRuns) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no ../shared: gaissa-seaa2023 is not there";
  const std::vector<RunsRead> all =
      read_series(require_dataset(DataFiles(), "gaissa-seaa2023"), *shared / "data/gaissa-seaa2023");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].runs.size(), 150u);
  EXPECT_EQ(all[1].runs.size(), 159u);
  for (const RunsRead& read : all)
    for (const EpochSeries& run : read.runs) {
      const double sum =
          std::accumulate(run.epochs.begin(), run.epochs.end(), 0.0, [](double s, const Epoch& e) { return s + e.energy.value; });
      EXPECT_NEAR(sum / run.total->value, 1, 0.02) << run.name;
    }
}

}  // namespace
}  // namespace wattlayer
