#include "wattlayer/graph/training_memory.h"

#include <gtest/gtest.h>

#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Engine eager() {
  Engine engine;
  engine.folds_constants = false;
  engine.in_place = {"Relu"};
  engine.free = {"Reshape", "Flatten"};
  return engine;
}

TEST(TrainingMemory, OfAPerceptronCanBeCounted) {
  const TrainingMemory m = training_memory(network("mlp_784_512_10?batch=8"), eager(), {.optimizer = Optimizer::adam});
  const double parameters = 4.0 * (784 * 512 + 512 + 512 * 10 + 10);
  EXPECT_DOUBLE_EQ(m.parameters, parameters);
  EXPECT_DOUBLE_EQ(m.gradients, parameters);
  EXPECT_DOUBLE_EQ(m.states, 2 * parameters);
  // Fullest in the middle of the backward pass: input, hidden units, their gradient and its masked copy, gradient of the scores.
  const double input = 4 * 8 * 784, hidden = 4 * 8 * 512;
  EXPECT_GE(m.activations, input + 3 * hidden);
  EXPECT_LE(m.activations, input + 3 * hidden + 4 * 4 * 8 * 10 + 64 + 8 * 8);
}

TEST(TrainingMemory, ActivationsGrowWithTheBatchAndParametersDoNot) {
  const TrainingMemory one = training_memory(network("resnet18?batch=8"), eager(), {});
  const TrainingMemory two = training_memory(network("resnet18?batch=16"), eager(), {});
  EXPECT_DOUBLE_EQ(one.parameters, two.parameters);
  EXPECT_NEAR(two.activations / one.activations, 2, 0.01);
}

TEST(TrainingMemory, FrozenLayersKeepNothing) {
  const Graph network = wattlayer::network("vgg16?batch=16");
  const TrainingMemory whole = training_memory(network, eager(), {.optimizer = Optimizer::momentum});
  const TrainingMemory last =
      training_memory(network, eager(), {.optimizer = Optimizer::momentum, .frozen_until = "all-but-last"});
  EXPECT_DOUBLE_EQ(last.parameters, whole.parameters);
  EXPECT_DOUBLE_EQ(last.gradients, 4.0 * (4096 * 1000 + 1000));
  EXPECT_LT(last.activations, 0.6 * whole.activations);
}

TEST(TrainingMemory, ParametersThatShareAGradientHaveStatesOfTheirOwn) {
  Graph graph;  // y = x + a + b: the gradients of a and b are that of y
  graph.name = "sums", graph.batch = 1;
  graph.values = {"x", "a", "first", "b", "y"};
  graph.inputs = {0}, graph.outputs = {4};
  graph.nodes.push_back({.name = "first", .layer = parse_layer("Add 8x16 8x16 const=1"), .inputs = {0, 1}, .outputs = {2}});
  graph.nodes.push_back({.name = "second", .layer = parse_layer("Add 8x16 8x16 const=1"), .inputs = {2, 3}, .outputs = {4}});
  const TrainingMemory m = training_memory(graph, eager(), {.optimizer = Optimizer::adam, .loss = Loss::squared});
  EXPECT_DOUBLE_EQ(m.parameters, 2 * 4 * 8 * 16);
  EXPECT_DOUBLE_EQ(m.states, 2 * m.parameters);
}

}  // namespace
}  // namespace wattlayer
