#include "wattlayer/pages/estimate_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/data_files.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/pages/layer_work.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

constexpr double conv_macs = 64.0 * 56 * 56 * 64 * 9;

EnergyModel made_up() {
  EnergyModel model;
  const DataFiles files;
  model.id = "made-up";
  model.hardware = parse_hardware(*files.read("hardware", "jetson-nano.json"), "jetson-nano");
  model.engine = parse_engine(*files.read("engines", "pytorch.json"), "pytorch");
  model.scope = "board";
  model.card = R"({"data": "a <b>made-up</b> device", "weaknesses": ["none"]})";
  model.physics->static_w = 10;
  model.physics->pass_s = 1e-3;
  auto price = [&](Count count, double seconds, double joules) {
    model.physics->time_s[static_cast<size_t>(count)] = seconds;
    model.physics->energy_j[static_cast<size_t>(count)] = joules;
  };
  price(Count::macs, 1e-10, 1e-9), price(Count::input_bytes, 1e-10, 2e-9);
  return model;
}

Workload network(int64_t batch = 1) {
  Workload w{.name = "net", .batch = batch, .is_network = true};
  w.items.push_back({parse_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1"), 3, {"a", "b", "c"}});
  w.items.push_back({parse_layer("Relu 1x64x56x56"), 1, {"</script><img src=x onerror=alert(1)>"}});
  w.items.push_back({parse_layer("my.Thing 1x64 dtype=f32 -> 1x64"), 1, {"odd"}});
  return w;
}

/// What the scripts of a page read.
Json content_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="content">)";
  const size_t begin = page.find(open) + open.size();
  return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

class EstimatePage : public testing::Test {
 protected:
  EstimateReport rows(int64_t batch = 1) const {
    const Workload workload = network(batch);
    return report(workload, predict(workload, model));
  }
  Json content(const Report& all, std::span<const EstimateReport> sweep = {}, OperatingPoint point = {}) const {
    const PagedModel paged[] = {{&model, point}};
    return content_of(estimate_page(all, paged, sweep, {"wattlayer 1.2.3", "wattlayer estimate 'a & b'", "2026-11-21"}));
  }
  EnergyModel model = made_up();
};

TEST_F(EstimatePage, HoldsTheFiguresOfTheReport) {
  Report all;
  all.estimates.push_back(rows());
  all.estimates[0].derived.push_back({"CO2", {1, 0.5, 2}, "g", "56 g/kWh, somewhere, 2024"});
  const Json json = content(all);
  EXPECT_EQ(json["kind"], "estimate");
  EXPECT_EQ(json["command"], "wattlayer estimate 'a & b'");
  const Json& e = json["estimates"][0];
  const Estimate& estimate = all.estimates[0].estimate;
  EXPECT_EQ(e["energy"][0], page_number(estimate.energy_j.value));
  EXPECT_EQ(e["energy"][2], page_number(estimate.energy_j.high));
  EXPECT_EQ(e["time"][1], page_number(estimate.time_s.low));
  EXPECT_EQ(e["scope"], "board");
  EXPECT_EQ(e["derived"][0]["basis"], "56 g/kWh, somewhere, 2024");
  EXPECT_EQ(e["unpriced"][0]["op"], "my.Thing");
  EXPECT_EQ(json["models"][0]["card"]["data"], "a <b>made-up</b> device");
  EXPECT_EQ(json["models"][0]["hardware"]["id"], "jetson-nano");
}

TEST_F(EstimatePage, ColumnsOfLayersAreOfOneLength) {
  Report all;
  all.estimates.push_back(rows());
  const Json json = content(all);
  const Json& layers = json["estimates"][0]["layers"];
  for (const auto& [name, column] : layers.items()) EXPECT_EQ(column.size(), 3u) << name;
  const Json& texts = json["texts"];
  EXPECT_EQ(texts[layers["name"][1].get<size_t>()], "</script><img src=x onerror=alert(1)>");
  EXPECT_EQ(texts[layers["op"][0].get<size_t>()], "Conv");
  EXPECT_EQ(layers["nodes"][0], 3);
  EXPECT_EQ(layers["flops"][0], page_number(3 * 2 * conv_macs));
  EXPECT_EQ(layers["bytes"][1], 2 * 4 * 64 * 56 * 56);
  EXPECT_EQ(layers["label"][2], static_cast<int>(Label::bounded));
  EXPECT_TRUE(layers["bytes"][2].is_null()) << "nothing is known of an unknown operator";
}

TEST_F(EstimatePage, WhatTheJoulesPayForAddsUp) {
  Report all;
  all.estimates.push_back(rows());
  const Json json = content(all);
  const Json& e = json["estimates"][0];
  double paid = 0;
  for (const auto& [name, joules] : e["paid_for"].items()) paid += joules.get<double>();
  const double unknown = e["layers"]["energy"][2];
  EXPECT_NEAR(paid + unknown, e["energy"][0].get<double>(), 1e-5 * paid);
  EXPECT_GT(e["paid_for"]["static"], 0);
}

TEST_F(EstimatePage, RoofsFollowDataSheetClockAndModel) {
  Report all;
  all.estimates.push_back(rows());
  const Json full = content(all)["estimates"][0]["roofs"],
             slow = content(all, {}, {.clock = 0.5, .idle = 0.8})["estimates"][0]["roofs"];
  EXPECT_EQ(full["peak_flops"], page_number(model.hardware.peak(DataType::f32)));
  EXPECT_EQ(slow["peak_flops"], page_number(0.5 * model.hardware.peak(DataType::f32)));
  EXPECT_EQ(full["bandwidth"], page_number(*model.hardware.bandwidth_bytes_per_s));
  EXPECT_EQ(slow["static_w"], 8);
  EXPECT_GT(full["joules_per_flop"], 0);
}

TEST_F(EstimatePage, ModelledEnergyHasNoEnergyRoof) {
  model.physics->stated_w = 5;
  Report all;
  all.estimates.push_back(rows());
  const Json json = content(all);
  EXPECT_FALSE(json["estimates"][0]["roofs"].contains("joules_per_flop"));
  EXPECT_TRUE(json["estimates"][0]["paid_for"].is_null());
  EXPECT_EQ(json["estimates"][0]["stated_power_w"], 5);
}

TEST_F(EstimatePage, AnUnknownModelLeavesRoofsOut) {
  Report all;
  all.estimates.push_back(rows());
  const Json json = content_of(estimate_page(all, {}));
  EXPECT_TRUE(json["estimates"][0]["roofs"].is_null());
  EXPECT_TRUE(json["estimates"][0]["layers"]["flops"][0].is_null());
  EXPECT_EQ(json["models"].size(), 0u);
}

TEST_F(EstimatePage, SharesTextsAndKeepsTheSweep) {
  Report all;
  all.estimates.push_back(rows(1)), all.estimates.push_back(rows(2));
  const EstimateReport sweep[] = {rows(4)};
  const Json json = content(all, sweep);
  EXPECT_EQ(json["estimates"][0]["layers"]["text"], json["estimates"][1]["layers"]["text"]);
  EXPECT_EQ(json["models"].size(), 1u);
  EXPECT_EQ(json["sweep"][0]["batch"], 4);
  EXPECT_FALSE(json["sweep"][0].contains("layers"));
}

TEST(LayerWork, CountsOperationsAndBytesOnce) {
  const EnergyModel model = made_up();
  const auto work = layer_work("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1", {&model});
  ASSERT_TRUE(work);
  EXPECT_EQ(work->product_flops, 2 * conv_macs);
  EXPECT_EQ(work->bytes, 4.0 * (2 * 64 * 56 * 56 + 64 * 64 * 9));
  EXPECT_FALSE(layer_work("no layer at all (", {&model}));
  EXPECT_FALSE(layer_work("my.Thing 1x64 dtype=f32 -> 1x64", {&model}));
}

}  // namespace
}  // namespace wattlayer
