#include "wattlayer/bench/runner_request.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "wattlayer/bench/value_ranges.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

Json request(const std::string& layer) { return Json::parse(prepare_request(layer_task(parse_layer(layer)), {})); }

Json call_of(const std::string& layer) { return request(layer)["nodes"][0].at("call"); }

Json argument(const Json& call, const std::string& name) {
  for (const Json& a : call["arguments"])
    if (a["name"] == name) return a;
  return nullptr;
}

TEST(RunnerRequest, NamesValuesWithTheirRoles) {
  const Json r = request("Gather 30522x768 i64:1x128 const=0");
  ASSERT_EQ(r["values"].size(), 3);
  EXPECT_EQ(r["values"][0]["role"], "weight");
  EXPECT_EQ(r["values"][1]["role"], "input");
  EXPECT_EQ(r["values"][2]["role"], "computed");
  EXPECT_EQ(r["values"][2]["shape"], Json({1, 128, 768}));
  EXPECT_EQ(r["nodes"][0]["inputs"], Json({0, 1}));
  EXPECT_EQ(r["outputs"], Json({2}));
  // An index must meet its table.
  EXPECT_EQ(r["values"][1]["low"], 0.0);
  EXPECT_EQ(r["values"][1]["high"], 30522.0);
}

TEST(RunnerRequest, KnownValuesBringTheirElements) {
  const Json r = request("Clip 1x96x112x112 [0.0]@scalar [6.0]@scalar");
  EXPECT_EQ(r["values"][1]["role"], "known");
  EXPECT_EQ(r["values"][1]["elements"], Json({0.0}));
  EXPECT_EQ(argument(r["nodes"][0]["call"]["calls"][0], "max")["value"], 6.0);
}

TEST(RunnerRequest, AbsentInputIsMinusOne) {
  EXPECT_EQ(request("Resize 1x64x28x28 - [1.0,1.0,2.0,2.0]")["nodes"][0]["inputs"], Json({0, -1, 1}));
}

TEST(RunnerRequest, WeightsKeepTheScaleOfWhatTheyMultiply) {
  const Json r = request("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1");
  EXPECT_NEAR(r["values"][1]["high"].get<double>(), std::sqrt(3.0 / (64 * 9)), 1e-12);
  EXPECT_NEAR(request("MatMul 1x128x768 768x3072")["values"][1]["high"].get<double>(), std::sqrt(3.0 / 768), 1e-12);
  EXPECT_NEAR(request("Gemm 1x256 10x256 10 transB=1")["values"][1]["high"].get<double>(), std::sqrt(3.0 / 256), 1e-12);
}

TEST(RunnerRequest, RootsAndDivisorsStayInTheirDomain) {
  EXPECT_GT(request("Sqrt 1x128x1")["values"][0]["low"].get<double>(), 0);
  EXPECT_GT(request("Div 1x128 1x128")["values"][1]["low"].get<double>(), 0);
  EXPECT_GT(request("BatchNormalization 1x64x56x56 64 64 64 64")["values"][4]["low"].get<double>(), 0);
}

TEST(RunnerRequest, RangesReachInputsThroughViews) {
  Graph graph;
  graph.values = {"ids", "cast", "flat", "table", "y"};
  graph.inputs = {0};
  graph.outputs = {4};
  Layer cast = parse_layer("Cast i32:2x8 to=i64"), view = parse_layer("Reshape i64:2x8 [16]"),
        gather = parse_layer("Gather 100x4 i64:16 const=0");
  graph.nodes.push_back({.name = "cast", .layer = cast, .inputs = {0}, .outputs = {1}});
  graph.nodes.push_back({.name = "view", .layer = view, .inputs = {1, -1}, .outputs = {2}});
  graph.nodes.push_back({.name = "gather", .layer = gather, .inputs = {3, 2}, .outputs = {4}});
  EXPECT_EQ(value_ranges(graph)[0].high, 100);
}

TEST(RunnerRequest, BatchNormalizationGetsTheStatisticsOfItsInput) {
  Graph graph;
  graph.values = {"x", "w", "sum", "s", "b", "m", "v", "y"};
  graph.inputs = {0};
  graph.outputs = {7};
  const Layer product = parse_layer("Mul 8x16 16"), norm = parse_layer("BatchNormalization 8x16 16 16 16 16");
  Layer large = product;
  large.inputs[1].value = std::make_shared<const Value>(Value::of(std::vector<double>{30}));
  graph.nodes.push_back({.name = "mul", .layer = large, .inputs = {0, 1}, .outputs = {2}});
  graph.nodes.push_back({.name = "norm", .layer = norm, .inputs = {2, 3, 4, 5, 6}, .outputs = {7}});
  const ValueRange variance = value_ranges(graph)[6];
  EXPECT_NEAR(variance.low, 300, 1e-9);  // 30^2 / 3
  EXPECT_NEAR(variance.high, 600, 1e-9);
}

TEST(RunnerRequest, LengthsAreWholeSequences) {
  const Json r = request("LSTM 80x1x512 2x1024x512 2x1024x256 2x2048 i32:1 direction=bidirectional");
  EXPECT_EQ(r["values"][4]["low"], 80.0);
  EXPECT_EQ(r["values"][4]["high"], 80.0);
}

TEST(RunnerRequest, MasksThatBecomePositionsAreOnes) {
  EXPECT_EQ(request("CumSum i64:1x128 [1]@scalar")["values"][0]["high"], 2.0);
}

TEST(RunnerRequest, AFormWithoutCounterpartHasNoCall) {
  EXPECT_FALSE(request("AveragePool 1x8x9x9 dilations=2,2 kernel_shape=2,2")["nodes"][0].contains("call"));
  EXPECT_FALSE(request("AveragePool 1x8x9x9 kernel_shape=3,3 pads=0,0,1,1")["nodes"][0].contains("call"));
  EXPECT_EQ(call_of("AveragePool 1x8x9x9 count_include_pad=1 kernel_shape=3,3 pads=0,0,1,1")["calls"].size(), 2);
}

TEST(RunnerRequest, EqualPadsGoToTheCallAndOthersComeFirst) {
  EXPECT_EQ(argument(call_of("Conv 1x8x9x9 8x8x3x3 pads=1,1,1,1")["calls"][0], "padding")["value"], Json({1, 1}));
  const Json uneven = call_of("MaxPool 1x8x9x9 kernel_shape=3,3 pads=0,0,1,2 strides=2,2");
  ASSERT_EQ(uneven["calls"].size(), 2);
  EXPECT_EQ(argument(uneven["calls"][0], "pad")["value"], Json({0, 2, 0, 1}));
  EXPECT_EQ(argument(uneven["calls"][0], "value")["value"], "-inf");
  EXPECT_EQ(argument(uneven["calls"][1], "self")["call"], 0);
}

TEST(RunnerRequest, SliceIsACallForEachAxisThatIsCut) {
  const Json call = call_of("Slice 1x197x768 [0,0] [1,9223372036854775807] [1,2]");
  ASSERT_EQ(call["calls"].size(), 1);
  EXPECT_EQ(argument(call["calls"][0], "dim")["value"], 1);
  EXPECT_EQ(argument(call["calls"][0], "end")["value"], 1);
}

TEST(RunnerRequest, RecurrenceBringsGatesIntoOrderOnce) {
  const Json call = call_of("LSTM 32x4x64 1x512x64 1x512x128 1x1024 outputs=1,1,1");
  size_t once = 0;
  for (const Json& one : call["calls"]) once += one.value("once", false);
  EXPECT_EQ(call["calls"].size() - once, 3);  // the recurrence and two views
  EXPECT_EQ(call["outputs"].size(), 3);
  EXPECT_EQ(call["outputs"][1]["result"], 1);
}

TEST(RunnerRequest, WhatHasNoCallSaysWhy) {
  const Json r = request("LSTM 4x1x8 1x16x8 1x16x4 direction=reverse");
  EXPECT_FALSE(r["nodes"][0].contains("call"));
  EXPECT_NE(r["nodes"][0]["no_call"].get<std::string>().find("direction reverse"), std::string::npos);
}

TEST(RunnerRequest, EveryExampleOfTheCatalogueMakesOne) {
  size_t calls = 0;
  for (const Operator* op : catalogue())
    for (std::string_view example : op->examples) {
      const Layer layer = parse_layer(example);
      bool whole = true;
      for (const Tensor& t : layer.outputs) whole = whole && (!t.present || t.known);
      if (!whole) continue;
      const Json r = Json::parse(prepare_request(layer_task(layer), {.dtype = layer.dtype}));
      calls += r["nodes"][0].contains("call");
      EXPECT_EQ(r["nodes"][0]["op"], op->name);
    }
  EXPECT_GT(calls, 150);
}

}  // namespace
}  // namespace wattlayer
