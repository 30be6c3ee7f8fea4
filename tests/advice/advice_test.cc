#include "wattlayer/advice/advice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/shared_folder.h"
#include "wattlayer/advice/levers.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

Advice advice_on(const std::string& network, const std::string& target, std::optional<double> rate_hz = {}) {
  const DataFiles files;
  const FoundEnergyModel found = find_target(files, target);
  const NetworkSource source(network);
  return advise({.source = source, .model = found.model, .rate_hz = rate_hz}, files);
}

const Lever* lever_of(const std::vector<Lever>& levers, std::string_view kind) {
  const auto at = std::find_if(levers.begin(), levers.end(), [&](const Lever& l) { return l.kind == kind; });
  return at == levers.end() ? nullptr : &*at;
}

TEST(Advice, EveryLeverIsToldApartFromNothingAndSorted) {
  const Advice a = advice_on("net:resnet50", "a100-sxm/pytorch/f32");
  ASSERT_FALSE(a.levers.empty());
  for (const Lever& l : a.levers) {
    EXPECT_GT(l.saving.low, 0) << l.change;
    EXPECT_GT(l.saving_j.low, 0) << l.change;
  }
  for (const Lever& l : a.cannot_tell) {
    EXPECT_TRUE(l.saving.low <= 0 || !l.calibrated) << l.change;
    EXPECT_GT(l.saving.value, 0) << l.change;
  }
  for (const auto* levers : {&a.levers, &a.cannot_tell})
    for (size_t i = 0; i < levers->size(); ++i) {
      const Lever& l = (*levers)[i];
      EXPECT_LE(l.saving.low, l.saving.value) << l.change;
      EXPECT_GE(l.saving.high, l.saving.value) << l.change;
      EXPECT_LE(l.saving.high, 1) << l.change << ": more than there is";
      EXPECT_FALSE(l.rests_on.empty() || l.costs.empty() || l.change.empty());
      if (i) EXPECT_GE((*levers)[i - 1].saving_j.value, l.saving_j.value);
    }
}

TEST(Advice, NothingIsSureOfAnIncompleteEstimate) {
  const DataFiles files;
  const FoundEnergyModel found = find_target(files, "a100-sxm/pytorch/f32");
  const NetworkSource source("net:resnet50");
  const Graph graph;
  Advice advice;
  advice.now.estimate.interval_note = "incomplete";
  const AdviceQuestion question{.source = source, .reading = {}, .model = found.model, .device = {}, .rate_hz = {}};
  const PairedErrors errors;
  Trial{question, files, graph, errors, advice}.add({.kind = "batch", .saving_j = {5, 4, 6}, .saving = {0.5, 0.4, 0.6}});
  EXPECT_TRUE(advice.levers.empty());
  EXPECT_EQ(advice.cannot_tell.size(), 1u);
}

TEST(Advice, SavingsAreThoseOfTheEstimates) {
  const Advice a = advice_on("net:resnet50", "a100-sxm/pytorch/f32");
  const Lever* batch = lever_of(a.levers, "batch");
  ASSERT_NE(batch, nullptr);
  const auto step = std::find_if(a.batches.begin(), a.batches.end(), [&](const BatchStep& s) {
    return batch->change == "batch " + std::to_string(s.batch) + " instead of 1";
  });
  ASSERT_NE(step, a.batches.end()) << batch->change;
  EXPECT_NEAR(batch->saving_j.value, a.now.energy_per_inference_j.value - step->energy_per_inference_j.value, 1e-9);
  // After it, a larger batch gains less than 5 %.
  for (auto later = step; later != a.batches.end(); ++later)
    EXPECT_GE(later->energy_per_inference_j.value, step->energy_per_inference_j.value / 1.05);
}

TEST(Advice, SharesOfWhatLayersWaitForAddUp) {
  const Advice a = advice_on("net:mobilenet_v2", "jetson-nano");
  double sum = 0;
  for (const double share : a.regime_share) sum += share;
  EXPECT_NEAR(sum, 1, 1e-9);
  ASSERT_EQ(a.dearest.size(), 5u);
  for (size_t i = 1; i < a.dearest.size(); ++i) EXPECT_GE(a.dearest[i - 1].row.share, a.dearest[i].row.share);
}

TEST(Advice, BatchesStopWhereTheMemoryEnds) {
  const Advice a = advice_on("net:vgg16", "jetson-nano");
  ASSERT_FALSE(a.batches.empty());
  EXPECT_LT(a.batches.back().batch, 1024);
  EXPECT_TRUE(std::any_of(a.remarks.begin(), a.remarks.end(),
                          [](const std::string& r) { return r.find("or more, the device has 4 GiB") != r.npos; }));
}

TEST(Advice, TheDeviceAtRest) {
  const Advice a = advice_on("net:resnet50", "a100-sxm/pytorch/f32", 10);
  const Lever* rest = lever_of(a.levers, "utilisation");
  ASSERT_NE(rest, nullptr);
  EXPECT_NEAR(rest->saving_j.value, *a.idle_w * (0.1 - a.now.estimate.time_s.value), 1e-9);
  // At the even rate, rest and inference cost the same.
  EXPECT_NEAR(*a.idle_w * (1 / *a.even_rate_hz - a.now.estimate.time_s.value), a.now.energy_per_inference_j.value, 1e-9);
}

TEST(Advice, NothingOfADataSheetIsCalledMeasured) {
  const Advice a = advice_on("net:resnet50", "rtx-4090");
  for (const auto* levers : {&a.levers, &a.cannot_tell})
    for (const Lever& l : *levers) EXPECT_EQ(l.basis, Basis::data_sheet) << l.change;
  const Advice measured = advice_on("net:resnet50", "jetson-nano");
  for (const auto* levers : {&measured.levers, &measured.cannot_tell})
    for (const Lever& l : *levers)
      if (l.kind == "precision") EXPECT_EQ(l.basis, Basis::data_sheet) << l.change;
}

TEST(Advice, ADataTypeThatNobodyMeasuredIsNoAdvice) {
  const Advice a = advice_on("net:bert-base-uncased", "a100-sxm/pytorch/f32");
  const auto of = [](const std::vector<Lever>& levers, std::string_view start) {
    return std::find_if(levers.begin(), levers.end(), [&](const Lever& l) { return l.change.starts_with(start); });
  };
  ASSERT_NE(of(a.levers, "bf16"), a.levers.end());
  EXPECT_EQ(of(a.levers, "bf16")->basis, Basis::energy_model);
  EXPECT_EQ(of(a.levers, "int4"), a.levers.end());
  ASSERT_NE(of(a.cannot_tell, "int4"), a.cannot_tell.end());
  EXPECT_FALSE(of(a.cannot_tell, "int4")->calibrated);
}

TEST(Advice, AProcessorIsNotToldToFuseAsAnEngineOfGpus) {
  const Advice a = advice_on(std::string(WATTLAYER_SOURCE_DIR) + "/examples/resnet50.onnx", "xeon-gold-5120");
  const Lever* fusing = lever_of(a.levers, "fusing");
  ASSERT_NE(fusing, nullptr) << "eager execution runs each normalisation by itself";
  EXPECT_EQ(fusing->change.find("tensorrt"), fusing->change.npos) << fusing->change;
  EXPECT_EQ(fusing->basis, Basis::counting);
}

TEST(Advice, AListOfLayersTakesNoOtherBatch) {
  const DataFiles files;
  const FoundEnergyModel found = find_target(files, "jetson-nano");
  const NetworkSource source = NetworkSource::of_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1");
  const Advice a = advise({.source = source, .model = found.model}, files);
  EXPECT_TRUE(a.batches.empty());
  EXPECT_EQ(lever_of(a.cannot_tell, "precision"), nullptr);
  const Lever* layer = lever_of(a.levers, "layer");
  if (!layer) layer = lever_of(a.cannot_tell, "layer");
  ASSERT_NE(layer, nullptr) << "a dense 3x3 convolution has a substitute";
}

TEST(Advice, ALargeProductHasASubstituteOfHalfTheParameters) {
  const DataFiles files;
  const FoundEnergyModel found = find_target(files, "xeon-gold-5120");
  const NetworkSource source = NetworkSource::of_layer("Gemm 64x4096 4096x4096 4096 transB=1");
  const Advice a = advise({.source = source, .model = found.model}, files);
  const Lever* layer = lever_of(a.levers, "layer");
  if (!layer) layer = lever_of(a.cannot_tell, "layer");
  ASSERT_NE(layer, nullptr);
  EXPECT_NE(layer->change.find("lower rank"), layer->change.npos) << layer->change;
  EXPECT_GT(layer->saving.value, 0.3) << "half of the arithmetic is gone";
  EXPECT_LT(layer->saving.value, 0.7);
}

TEST(Advice, WhatAnEngineComputesForNothingIsPruned) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "needs the networks of ../shared";
  const std::filesystem::path file = *shared / "zoo/timm/resnetv2_50x3_bit.onnx";
  const Advice a = advice_on(file.string(), "xeon-gold-5120");
  const Lever* pruning = lever_of(a.levers, "pruning");
  ASSERT_NE(pruning, nullptr) << "its weights are standardised in every pass";
  EXPECT_GT(pruning->saving.value, 0.1);
}

TEST(Advice, MemoryOfAPass) {
  // 8 -> 16 -> 4: weights 8x16+16 and 16x4+4, and at most two neighbouring tensors alive.
  const Graph graph = network("mlp_8_16_4?batch=2");
  double most = 0;
  for (const Node& node : graph.nodes)
    if (node.layer.op == "Gemm" || node.layer.op == "MatMul")
      most = std::max(most, node.layer.input(0).bytes() + node.layer.output(0).bytes());
  const double bytes = inference_bytes(graph, Engine{});
  EXPECT_GE(bytes, parameters(graph) * 4 + most);
  EXPECT_LE(bytes, parameters(graph) * 4 + 2 * most);
}

TEST(Advice, JsonHoldsWhatTheTableSays) {
  const Advice a = advice_on("net:resnet50", "a100-sxm/pytorch/f32");
  const auto json = nlohmann::json::parse(advice_json(a));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["levers"].size(), a.levers.size());
  EXPECT_EQ(json["levers"][0]["saving_j"]["value"], a.levers[0].saving_j.value);
  EXPECT_EQ(json["batches"].size(), a.batches.size());
  const std::string table = advice_table(a, false);
  EXPECT_NE(table.find(a.levers[0].change), table.npos) << table;
  EXPECT_NE(table.find("cannot tell from nothing"), table.npos);
}

}  // namespace
}  // namespace wattlayer
