#include "wattlayer/pages/measured_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

Json content_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="content">)";
  const size_t begin = page.find(open) + open.size();
  return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

MeasuredReport made_up() {
  MeasuredReport report{.date = "2026-11-21T08:37:18Z", .runner = {.name = "fake", .engine = "simulated"}};
  report.preparation.device = "fake:0";
  report.workloads.push_back({.name = "net", .is_network = true});
  report.workloads.back().items.push_back({parse_layer("Relu 1x8"), 1, {"r"}});
  report.workloads.push_back({.name = "broken"});
  Measured measured;
  Measurement row{.energy_j = 10,
                  .energy_ci95_j = 0.5,
                  .time_s = 2,
                  .idle_power_w = 3,
                  .repetitions = 8,
                  .windows = 2,
                  .scope = "board",
                  .meter = "fake"};
  row.conditions["time_ci95_s"] = "0.01";
  measured.rows.push_back(row);
  measured.windows.push_back({.passes = 4, .time = Seconds{8.4}, .energy = {Joules{42}}});
  measured.windows.push_back({.passes = 4, .time = Seconds{7.6}, .energy = {Joules{38}}});
  report.results.push_back(measured);
  report.results.push_back({.failure = "it broke"});
  return report;
}

TEST(MeasuredPage, HoldsFiguresWithTheirSpread) {
  const Json json = content_of(measured_page(made_up()));
  EXPECT_EQ(json["kind"], "measure");
  EXPECT_EQ(json["device"], "fake:0");
  const Json& row = json["tasks"][0]["rows"][0];
  EXPECT_EQ(row["energy"], 10);
  EXPECT_EQ(row["energy_half"], 0.5);
  EXPECT_EQ(row["above_idle"], 4);
  EXPECT_EQ(row["power"], 5);
  EXPECT_EQ(row["time_half"], 0.01);
  EXPECT_EQ(json["tasks"][0]["windows"]["energy"][0], Json({10.5, 9.5}));
  EXPECT_EQ(json["tasks"][0]["windows"]["time"], Json({2.1, 1.9}));
  EXPECT_TRUE(json["tasks"][0]["estimate"].is_null());
  EXPECT_EQ(json["tasks"][1]["failure"], "it broke");
}

TEST(MeasuredPage, UnknownEnergyIsNullAndNeverZero) {
  MeasuredReport report = made_up();
  report.results[0].rows[0].energy_j.reset(), report.results[0].rows[0].energy_ci95_j.reset();
  const Json row = content_of(measured_page(report))["tasks"][0]["rows"][0];
  for (const char* key : {"energy", "energy_half", "above_idle", "power"}) EXPECT_TRUE(row[key].is_null()) << key;
}

TEST(MeasuredPage, EstimatesStandBeside) {
  MeasuredReport report = made_up();
  for (const Workload& workload : report.workloads) {
    Estimate estimate{.network = workload.name, .scope = "board", .energy_model = "m", .energy_j = {11, 9, 13}};
    for (size_t i = 0; i < workload.items.size(); ++i) estimate.layers.push_back({.item = i, .energy_j = {11, 9, 13}});
    report.estimates.push_back(estimate);
  }
  const Json json = content_of(measured_page(report));
  EXPECT_EQ(json["tasks"][0]["estimate"], 0);
  EXPECT_EQ(json["estimates"][0]["energy"], Json({11.0, 9.0, 13.0}));
}

}  // namespace
}  // namespace wattlayer
