#include "wattlayer/graph/training_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/training_memory.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// An engine that runs every node as it stands.
Engine plain() {
  Engine engine;
  engine.folds_constants = false;
  return engine;
}

double macs(const Graph& graph, Phase phase) {
  double sum = 0;
  for (const Node& node : graph.nodes)
    if (phase_of(node.name) == phase) sum += node.count * cost(node.layer).macs;
  return sum;
}

double macs(const Graph& graph) {
  double sum = 0;
  for (const Node& node : graph.nodes) sum += node.count * cost(node.layer).macs;
  return sum;
}

/// Of the first node that multiplies: nobody wants the gradient of its input.
double first_macs(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (const double m = cost(node.layer).macs; m > 0) return m;
  return 0;
}

TEST(TrainingStep, MultipliesTwiceAsOftenInTheBackwardPass) {
  for (const char* name :
       {"vgg16?batch=2", "resnet50?batch=2", "alexnet?batch=4", "mobilenet_v2?batch=2", "mlp_784_512_10?batch=8"}) {
    const Graph network = wattlayer::network(name);
    const Graph step = training_step(network);
    EXPECT_DOUBLE_EQ(macs(step, Phase::forward), macs(network)) << name;
    EXPECT_NEAR(macs(step, Phase::backward), 2 * macs(network) - first_macs(network), 1e-9 * macs(network)) << name;
  }
}

TEST(TrainingStep, WithInputGradientsMultipliesExactlyTwiceAsOften) {
  const Graph network = wattlayer::network("vgg16?batch=1&size=32");
  EXPECT_NEAR(macs(training_step(network, {.input_gradients = true}), Phase::backward), 2 * macs(network), 1e-9 * macs(network));
}

/// BUTTER-E counts bwd = B sum(2 w_l + w_{l-1} w_l + [l > 1] w_{l-1} w_l) + P (1 + B) operations; its products are
/// B sum(w_{l-1} w_l + [l > 1] w_{l-1} w_l).
TEST(TrainingStep, MultipliesAsOftenAsButterECounts) {
  const double batch = 16, widths[] = {784, 512, 256, 10};
  double expected = 0;
  for (int l = 1; l <= 3; ++l) expected += batch * widths[l - 1] * widths[l] * (l > 1 ? 2 : 1);
  const Graph step = training_step(wattlayer::network("mlp_784_512_256_10?batch=16"));
  EXPECT_DOUBLE_EQ(macs(step, Phase::backward), expected);
}

TEST(TrainingStep, UpdatesEveryParameterOnce) {
  for (const char* name : {"vgg16?batch=2", "resnet18?batch=2", "mlp_784_512_10?batch=8"}) {
    const Graph network = wattlayer::network(name);
    double statistics = 0;
    for (const Node& node : network.nodes)
      if (node.layer.op == "BatchNormalization") statistics += node.layer.input(3).elements() + node.layer.input(4).elements();
    const Graph step = training_step(network, {.optimizer = Optimizer::adam});
    const Layer& adam = step.nodes.back().layer;
    EXPECT_EQ(adam.op, "ai.onnx.preview.training.Adam");
    double updated = 0;
    for (size_t i = 0; i < adam.outputs.size() / 3; ++i) updated += adam.outputs[i].elements();
    EXPECT_DOUBLE_EQ(updated, parameters(network) - statistics) << name;
  }
}

/// Every value has the shape that its producer gave it, and every layer agrees with its operator's rule.
void expect_consistent(const Graph& step) {
  std::vector<const Tensor*> made(step.values.size(), nullptr);
  for (const Node& node : step.nodes) {
    ASSERT_EQ(node.inputs.size(), node.layer.inputs.size()) << node.name;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] >= 0 && made[static_cast<size_t>(node.inputs[i])])
        EXPECT_EQ(made[static_cast<size_t>(node.inputs[i])]->shape, node.layer.inputs[i].shape) << node.name << " input " << i;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] >= 0) made[static_cast<size_t>(node.outputs[i])] = &node.layer.outputs[i];
    if (!find_operator(node.layer.op)) continue;
    Layer again = node.layer;
    infer(again);
    for (size_t i = 0; i < node.layer.outputs.size(); ++i)
      EXPECT_EQ(again.outputs[i].shape, node.layer.outputs[i].shape) << print(node.layer);
  }
}

TEST(TrainingStep, ShapesAgreeThroughout) {
  for (const char* name : {"vgg16?batch=2", "resnet50?batch=2", "mobilenet_v2?batch=2", "mlp_784_512_10?batch=8"})
    for (OptimizerKernels kernels : {OptimizerKernels::fused, OptimizerKernels::per_tensor})
      expect_consistent(training_step(wattlayer::network(name), {.optimizer = Optimizer::adam, .kernels = kernels}));
}

TEST(TrainingStep, AddsUpGradientsOfValuesWithSeveralConsumers) {
  const Graph step = training_step(wattlayer::network("resnet18?batch=1"));
  // Eight residual blocks, each of whose inputs feeds two branches.
  EXPECT_EQ(std::count_if(step.nodes.begin(), step.nodes.end(),
                          [](const Node& node) { return phase_of(node.name) == Phase::backward && node.layer.op == "Add"; }),
            8);
}

TEST(TrainingStep, FrozenParametersHaveNoBackwardPass) {
  const Graph network = wattlayer::network("vgg16?batch=2");
  const Graph step = training_step(network, {.frozen_until = "all-but-last"});
  EXPECT_DOUBLE_EQ(macs(step, Phase::backward), 2.0 * 4096 * 1000);
  EXPECT_THROW(training_step(network, {.frozen_until = "no such node"}), Error);
}

/// A learned token of 1x4 elements is repeated for each sample before the network runs, and added to the input.
Graph with_repeated_token(int64_t batch) {
  Tensor token = Tensor::of({1, 4}), repeated = Tensor::of({batch, 4});
  token.constant = repeated.constant = true;
  const Tensor x = Tensor::of({batch, 4});
  Tensor shape = Tensor::of({2}, DataType::i64);
  shape.constant = true, shape.value = std::make_shared<const Value>(Value::of(std::vector<int64_t>{batch, 4}));
  Graph graph{.name = "token", .values = {"token", "shape", "repeated", "x", "y"}, .inputs = {3}, .outputs = {4}, .batch = batch};
  graph.nodes.push_back({.name = "expand",
                         .layer = {.op = "Expand", .inputs = {token, shape}, .outputs = {repeated}},
                         .inputs = {0, 1},
                         .outputs = {2},
                         .folded = true});
  graph.nodes.push_back(
      {.name = "add", .layer = {.op = "Add", .inputs = {x, repeated}, .outputs = {x}}, .inputs = {3, 2}, .outputs = {4}});
  return graph;
}

TEST(TrainingStep, ARepeatedParameterIsTrainedOnce) {
  for (const int64_t batch : {2, 64}) {
    const Graph network = with_repeated_token(batch);
    EXPECT_EQ(parameters(network), 4) << batch;
    const TrainingMemory memory = training_memory(network, plain(), {.optimizer = Optimizer::adam, .loss = Loss::squared});
    EXPECT_EQ(memory.parameters, 16) << batch;
    EXPECT_EQ(memory.gradients, 16) << batch;
    EXPECT_EQ(memory.states, 32) << batch;
  }
}

TEST(TrainingStep, RunsInTrainingForm) {
  const Graph step = training_step(wattlayer::network("mobilenet_v2?batch=2"));
  for (const Node& node : step.nodes) {
    if (node.layer.op == "BatchNormalization") {
      EXPECT_EQ(node.layer.attributes.integer("training_mode", 0), 1);
    }
  }
  const Workload workload = lower(step, [] {
    Engine engine = plain();
    engine.free = {"Dropout"};
    return engine;
  }());
  EXPECT_TRUE(std::any_of(workload.items.begin(), workload.items.end(),
                          [](const WorkloadItem& item) { return item.layer.op == "Dropout"; }));
}

TEST(TrainingStep, WhatTheBackwardPassReadsIsNotOverwritten) {
  Engine engine = plain();
  engine.in_place = {"Relu", "HardSwish"};
  for (const WorkloadItem& item : lower(training_step(wattlayer::network("mobilenet_v3_small?batch=2")), engine).items)
    if (item.layer.op == "HardSwish") EXPECT_FALSE(item.layer.in_place) << print(item.layer);
  const Workload vgg = lower(training_step(wattlayer::network("vgg16?batch=2")), engine);
  EXPECT_TRUE(std::any_of(vgg.items.begin(), vgg.items.end(),
                          [](const WorkloadItem& item) { return item.layer.op == "Relu" && item.layer.in_place; }));
}

TEST(TrainingStep, OptimizersMoveWhatTheirKernelsMove) {
  const Graph network = wattlayer::network("mlp_784_512_10?batch=8");
  const double bytes = 4 * parameters(network);
  const auto moved = [&](Optimizer optimizer, OptimizerKernels kernels) {
    double sum = 0;
    for (const Node& node : training_step(network, {.optimizer = optimizer, .kernels = kernels}).nodes)
      if (phase_of(node.name) == Phase::optimizer) {
        const Cost c = cost(node.layer);
        sum += c.input_bytes + c.output_bytes;
      }
    return sum / bytes;
  };
  EXPECT_NEAR(moved(Optimizer::adam, OptimizerKernels::fused), 7, 0.01);  // p g m v read, p m v written
  EXPECT_NEAR(moved(Optimizer::momentum, OptimizerKernels::fused), 5, 0.01);
  EXPECT_NEAR(moved(Optimizer::sgd, OptimizerKernels::foreach), 3, 0.01);
  EXPECT_NEAR(moved(Optimizer::momentum, OptimizerKernels::foreach), 8, 0.01);
  EXPECT_NEAR(moved(Optimizer::adam, OptimizerKernels::foreach), 18, 0.01);
  EXPECT_NEAR(moved(Optimizer::adam, OptimizerKernels::per_tensor), moved(Optimizer::adam, OptimizerKernels::foreach), 0.01);
  EXPECT_EQ(moved(Optimizer::none, OptimizerKernels::fused), 0);
}

TEST(TrainingEpoch, CountsStepsAndValidationPasses) {
  const Graph network = wattlayer::network("mlp_784_512_10?batch=8");
  const auto total = [](const Workload& workload) {
    double sum = 0;
    for (const WorkloadItem& item : workload.items) sum += item.count * cost(item.layer).macs;
    return sum;
  };
  const double step = total(lower(training_step(network), plain()));
  EXPECT_NEAR(total(training_epoch(network, plain(), {}, 100, 20)), step * 12.5 + macs(network) * 2.5, 1e-9 * step);
  EXPECT_THROW(training_epoch(network, plain(), {}, -1, 0), Error);
}

TEST(Optimizers, AreFoundByName) {
  EXPECT_EQ(require_optimizer("AdamW"), Optimizer::adamw);
  EXPECT_EQ(states(require_optimizer("sgd")), 0);
  EXPECT_THROW(require_optimizer("adamm"), Error);
}

}  // namespace
}  // namespace wattlayer
