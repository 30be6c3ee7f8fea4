#include "wattlayer/report/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/report/format.h"

namespace wattlayer {
namespace {

/// Two layers, one of them twice, and one that nothing prices.
Workload small_workload() {
  Workload w;
  w.name = "small";
  w.batch = 4;
  Layer conv = parse_layer("Conv 4x64x56x56 64x64x3x3 64 pads=1,1,1,1 dtype=f32");
  conv.fused = {"Relu"};
  w.items.push_back({std::move(conv), 2, {"layer1/conv1", "layer1/conv2"}});
  w.items.push_back({parse_layer("Relu 4x64x56x56 dtype=f32"), 1, {"relu"}});
  w.items.push_back({parse_layer("my.Thing 4x64 dtype=f32 -> 4x64"), 1, {"odd,\"name\"\033[31m"}});
  return w;
}

Estimate small_estimate() {
  Estimate e;
  e.network = "small";
  e.hardware = "xeon-gold-5120";
  e.engine = "pytorch";
  e.scope = "cpu-package";
  e.energy_model = "xeon-gold-5120/pytorch/f32";
  e.batch = 4;
  e.energy_j = {2.0, 1.8, 2.4};
  e.time_s = {0.04, 0.036, 0.05};
  e.power_w = {50, 45, 55};
  e.coverage = 0.95;
  e.macs = 924844032;
  e.parameters = 36928;
  e.layers = {{0, {1.5, 1.2, 1.9}, {0.03, 0.02, 0.04}, 924844032, Label::predicted},
              {1, {0.4, 0.3, 0.6}, {0.008, 0.006, 0.01}, 0, Label::predicted},
              {2, {0.1, 0.0, 0.1}, {0.002, 0, 0.002}, 0, Label::bounded}};
  e.unpriced = {{"my.Thing", 1, 0.1, "not in the catalogue"}};
  return e;
}

EstimateReport small_report() {
  EstimateReport r = report(small_workload(), small_estimate());
  r.file = "nets/small.onnx";
  r.remarks = {"Loop bodies count once"};
  return r;
}

TEST(Report, DividesTheTotalByTheBatch) {
  const EstimateReport r = small_report();
  EXPECT_DOUBLE_EQ(r.energy_per_inference_j.value, 0.5);
  EXPECT_DOUBLE_EQ(r.energy_per_inference_j.low, 0.45);
  EXPECT_DOUBLE_EQ(r.energy_per_inference_j.high, 0.6);
}

TEST(Report, RowsAddUpToTheTotal) {
  const EstimateReport r = small_report();
  double shares = 0, operators = 0;
  for (const LayerRow& row : r.layers) shares += row.share;
  for (const OperatorRow& row : r.operators) operators += row.energy_j;
  EXPECT_DOUBLE_EQ(shares, 1);
  EXPECT_DOUBLE_EQ(operators, 2);
  EXPECT_EQ(r.operators.front().op, "Conv");
  EXPECT_EQ(r.operators.front().count, 2);
}

TEST(Report, WhatBelongsToNoLayerStandsBeside) {
  Estimate estimate = small_estimate();
  EXPECT_EQ(report(small_workload(), estimate).pass_energy_j, 0);
  estimate.energy_j.value = 2.5;
  const EstimateReport r = report(small_workload(), estimate);
  EXPECT_DOUBLE_EQ(r.pass_energy_j, 0.5);
  EXPECT_NE(require_format("table").estimates({{r}}, {}).find("(between layers)                     500 mJ  20.0 %\n"),
            std::string::npos);
}

TEST(Report, DearestFirst) {
  EXPECT_EQ(dearest(small_report(), 2), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(dearest(small_report(), 100).size(), 3u);
}

TEST(Report, RefusesAnEstimateOfAnotherWorkload) {
  Workload one = small_workload();
  one.items.resize(1);
  EXPECT_THROW(report(one, small_estimate()), Error);
}

TEST(ReportTable, PrintsTotalsOperatorsLayersAndWhatIsMissing) {
  const std::string text = require_format("table").estimates({{small_report()}}, {.columns = 140});
  EXPECT_EQ(text, R"(small on xeon-gold-5120/pytorch/f32, batch 4
  energy per inference  500 mJ [450, 600]
  energy per batch      2.00 J [1.80, 2.40]
  time per batch        40.0 ms [36.0, 50.0]
  mean power            50.0 W [45.0, 55.0]
  coverage              95.0 % of the energy is from predictors inside their fitted range
  intervals             90 %
  scope                 cpu-package, idle power included
  energy model          xeon-gold-5120/pytorch/f32
  network               925 MMACs, 36.9 k parameters

Energy by operator
  OPERATOR  LAYERS       MACs  ENERGY   SHARE
  Conv           2  925 MMACs  1.50 J  75.0 %  ████████████████
  Relu           1          –  400 mJ  20.0 %  ████▎
  my.Thing       1          –  100 mJ   5.0 %  █▏

The 3 of 3 layers that cost most
  LAYER              OPERATOR   SHAPES                             ×       MACs  ENERGY   SHARE  LABEL
  layer1/conv1 (+1)  Conv+Relu  4x64x56x56 64x64x3x3 → 4x64x56x56  2  925 MMACs  1.50 J  75.0 %  predicted
  relu               Relu       4x64x56x56 → 4x64x56x56            1          –  400 mJ  20.0 %  predicted
  odd,"name"?[31m    my.Thing   4x64 → 4x64                        1          –  100 mJ   5.0 %  bounded

Could not be priced; the total holds the bound where there is one
  OPERATOR  LAYERS   BOUND  REASON
  my.Thing       1  100 mJ  not in the catalogue

note: Loop bodies count once
)");
}

TEST(ReportTable, SaysThatLayersOfUnknownShapeAreMissing) {
  EstimateReport r = small_report();
  r.estimate.unpriced.push_back({"Pad", 3, std::nullopt, "shape unknown"});
  const std::string text = require_format("table").estimates({{r}}, {});
  EXPECT_NE(text.find("missing               3 layers of unknown shape are not in these totals"), text.npos) << text;
  EXPECT_NE(text.find("unknown  shape unknown"), text.npos) << text;
}

TEST(ReportTable, SeveralEstimatesAreOneRowEach) {
  EstimateReport other = small_report();
  other.estimate.scope = "board";
  const std::string text = require_format("table").estimates({{small_report(), other}}, {.details = false});
  EXPECT_EQ(text,
            R"(NETWORK  ON                          BATCH  ENERGY PER INFERENCE  PER BATCH     TIME   POWER  COVERAGE  NOT PRICED
small    xeon-gold-5120/pytorch/f32      4  500 mJ [450, 600]        2.00 J  40.0 ms  50.0 W    95.0 %           1
small    xeon-gold-5120/pytorch/f32      4  500 mJ [450, 600]        2.00 J  40.0 ms  50.0 W    95.0 %           1
note: the rows cover different things (cpu-package, board) and are not comparable
)");
}

TEST(ReportJson, HoldsEveryFigure) {
  const auto json = nlohmann::json::parse(require_format("json").estimates({{small_report()}}, {}));
  EXPECT_EQ(json.at("schema"), 1);
  const auto& e = json.at("estimates").at(0);
  EXPECT_EQ(e.at("network"), "small");
  EXPECT_EQ(e.at("dtype"), "f32");
  EXPECT_EQ(e.at("batch"), 4);
  EXPECT_EQ(e.at("energy_j"), (nlohmann::json{{"value", 2.0}, {"low", 1.8}, {"high", 2.4}}));
  EXPECT_EQ(e.at("energy_per_inference_j").at("high"), 0.6);
  EXPECT_EQ(e.at("layers").size(), 3u);
  const auto& conv = e.at("layers").at(0);
  EXPECT_EQ(conv.at("count"), 2);
  EXPECT_EQ(conv.at("energy_j"), 1.5);
  EXPECT_EQ(parse_layer(std::string(conv.at("layer"))).op, "Conv");
  EXPECT_EQ(e.at("unpriced").at(0).at("bound_j"), 0.1);
  EXPECT_EQ(e.at("remarks").at(0), "Loop bodies count once");
}

TEST(ReportJson, NamesOfAnyBytesStayValid) {
  EstimateReport r = small_report();
  r.network = "\xff\xfe";
  EXPECT_TRUE(nlohmann::json::accept(require_format("json").estimates({{r}}, {})));
}

TEST(ReportCsv, QuotesNames) {
  const std::string text = require_format("csv").estimates({{small_report()}}, {});
  EXPECT_NE(text.find("network,hardware,engine,dtype,batch,scope,name,op,layer,count,macs,energy_j"), text.npos);
  EXPECT_NE(text.find("small,xeon-gold-5120,pytorch,f32,4,cpu-package,\"odd,\"\"name\"\"\033[31m\",my.Thing,my.Thing 4x64"),
            text.npos);
}

TEST(ReportFormat, UnknownNameListsTheKnown) {
  try {
    require_format("yaml");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unknown format 'yaml'; known: csv, json, table");
  }
}

}  // namespace
}  // namespace wattlayer
