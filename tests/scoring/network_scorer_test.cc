#include "wattlayer/scoring/network_scorer.h"

#include <gtest/gtest.h>

#include <random>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/sketch.h"
#include "wattlayer/networks/built_layers.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

EnergyModel jetson() {
  const DataFiles files;
  return EnergyModel::parse(*files.read("energy_models", "jetson-nano--tensorrt--f32.wlm"), "jetson-nano/tensorrt/f32");
}

std::string random_cell(std::mt19937& random) {
  static constexpr const char* operations[] = {"none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"};
  std::string cell;
  for (int node = 1; node <= 3; ++node)
    for (int source = 0; source < node; ++source)
      cell += (cell.empty() ? "" : "/") + std::string(operations[random() % 5]) + "~" + std::to_string(source);
  return cell;
}

std::vector<std::string> specs() {
  std::mt19937 random(4);
  std::vector<std::string> list;
  for (int i = 0; i < 60; ++i)
    for (const char* task : {"cifar100", "ninapro", "darcy"})
      list.push_back("nas_bench_201?cell=" + random_cell(random) + "&task=" + task);
  for (const char* other : {"bert-base-uncased?batch=2&sequence=32", "gpt2?attention=sdpa", "gpt2?batch=3", "openai-gpt", "vgg11",
                            "mobilenet_v3_small?width=0.5", "resnet18?batch=2", "unet?size=64", "mobilevit-small",
                            "convnet_L3_F8_K3x3_W16", "shufflenet_v2", "hw_gpt_bench?embed=192&heads=4-8&mlp=2-3&sequence=64"})
    list.push_back(other);
  return list;
}

Estimate slowly(const std::string& spec, const EnergyModel& model) {
  return predict(in_dtype_of(model, lower(network(spec), model.engine)), model);
}

void expect_same(const Interval& a, const Interval& b, const std::string& spec) {
  EXPECT_NEAR(a.value / b.value, 1, 1e-12) << spec;
  EXPECT_NEAR(a.low / b.low, 1, 1e-12) << spec;
  EXPECT_NEAR(a.high / b.high, 1, 1e-12) << spec;
}

TEST(NetworkScorer, GivesWhatPredictGives) {
  const EnergyModel model = jetson();
  NetworkScorer scorer(model);
  for (const std::string& spec : specs()) {
    const Estimate fast = scorer.score(spec), slow = slowly(spec, model);
    expect_same(fast.energy_j, slow.energy_j, spec);
    expect_same(fast.time_s, slow.time_s, spec);
    expect_same(fast.power_w, slow.power_w, spec);
    EXPECT_NEAR(fast.coverage, slow.coverage, 1e-12) << spec;
    EXPECT_EQ(fast.macs, slow.macs) << spec;
    EXPECT_EQ(fast.parameters, slow.parameters) << spec;
    EXPECT_EQ(fast.network, slow.network);
    EXPECT_EQ(fast.batch, slow.batch);
    EXPECT_EQ(fast.interval_note, slow.interval_note);
  }
}

/// Engines that run in place, fuse, prune zeros, or none of it.
std::vector<Engine> engines() {
  const DataFiles files;
  const Catalogue catalogue(files);
  std::vector<Engine> list = {catalogue.engine("pytorch"), catalogue.engine("tensorrt"), catalogue.engine("tensorrt")};
  list[2].id = "zeros", list[2].folds_zero_products = true;
  list[2].in_place = {"Relu"};
  return list;
}

TEST(NetworkScorer, SketchesAreLoweredAsGraphs) {
  for (const Engine& engine : engines()) {
    SketchPad pad;
    SketchLowering lowering(engine);
    for (const std::string& spec : specs()) {
      const Workload slow = lower(network(spec), engine);
      sketch_network(spec, pad);
      const auto& fast = lowering.lower(pad.sketch);
      ASSERT_EQ(fast.size(), slow.items.size()) << engine.id << " " << spec;
      for (size_t i = 0; i < fast.size(); ++i) {
        EXPECT_EQ(print(lowering.layer(fast[i].layer)), print(slow.items[i].layer)) << engine.id << " " << spec;
        EXPECT_EQ(fast[i].count, slow.items[i].count) << engine.id << " " << print(slow.items[i].layer) << " " << spec;
      }
    }
  }
}

TEST(NetworkScorer, SketchesOfEveryNameListed) {
  for (const Engine& engine : engines()) {
    SketchPad pad;
    SketchLowering lowering(engine);
    for (const NetworkFamily& family : network_families())
      for (std::string_view name : family.names) {
        if (name.find('{') != std::string_view::npos) continue;
        const Workload slow = lower(network(name), engine);
        sketch_network(name, pad);
        const auto& fast = lowering.lower(pad.sketch);
        ASSERT_EQ(fast.size(), slow.items.size()) << engine.id << " " << name;
        for (size_t i = 0; i < fast.size(); ++i) EXPECT_EQ(fast[i].count, slow.items[i].count) << engine.id << " " << name;
      }
  }
}

TEST(NetworkScorer, OneThatFailsDoesNotStopTheOthers) {
  const EnergyModel model = jetson();
  const std::vector<std::string> list = {"vgg11", "vgg12", "mobilenet_v1?width=x", "vgg11"};
  const std::vector<ScoredNetwork> scored = score(list, model);
  ASSERT_EQ(scored.size(), 4u);
  EXPECT_TRUE(scored[0].estimate && scored[3].estimate);
  EXPECT_EQ(scored[0].estimate->energy_j.value, scored[3].estimate->energy_j.value);
  EXPECT_NE(scored[1].error.find("vgg12"), std::string::npos);
  EXPECT_NE(scored[2].error.find("width"), std::string::npos);
}

TEST(NetworkScorer, ConvertsToTheModelsDataType) {
  EnergyModel model = jetson();
  model.dtype = DataType::f16;
  const std::string spec = "mobilenet_v1?width=0.25";
  NetworkScorer scorer(model);
  expect_same(scorer.score(spec).energy_j, slowly(spec, model).energy_j, spec);
}

}  // namespace
}  // namespace wattlayer
