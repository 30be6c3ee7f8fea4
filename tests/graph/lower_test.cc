#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/layer_hash.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/strides.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// A graph written as layers in text form over named values.
class Builder {
 public:
  int value(const std::string& name) {
    graph.values.push_back(name);
    return static_cast<int>(graph.values.size()) - 1;
  }
  int input(const std::string& name) {
    graph.inputs.push_back(value(name));
    return graph.inputs.back();
  }
  int node(const std::string& text, std::vector<int> inputs) {
    Node node;
    node.layer = parse_layer(text);
    node.name = "n" + std::to_string(graph.nodes.size());
    node.inputs = std::move(inputs);
    node.outputs = {value(node.name)};
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back().outputs[0];
  }
  Graph graph;
};

std::vector<std::string> ops(const Workload& workload) {
  std::vector<std::string> list;
  for (const WorkloadItem& item : workload.items) {
    std::string text = item.layer.op;
    for (const std::string& tail : item.layer.fused) text += "+" + tail;
    if (item.layer.in_place) text += "!";
    if (item.count != 1) text += "*" + std::to_string(static_cast<int>(item.count));
    list.push_back(text);
  }
  return list;
}

using Ops = std::vector<std::string>;

Engine fusing() {
  Engine engine;
  engine.fusions = {{{"Conv"}, {"BatchNormalization", "Relu", "Add"}, 8}};
  return engine;
}

TEST(Lower, EqualLayersAreCountedOnceWithAllNames) {
  Builder b;
  int x = b.input("x");
  for (int i = 0; i < 3; ++i) x = b.node("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1", {x, -1});
  b.graph.outputs = {b.node("Relu 1x8x8x8", {x})};
  const Workload w = lower(b.graph, Engine{});
  EXPECT_EQ(ops(w), (Ops{"Conv*3", "Relu"}));
  EXPECT_EQ(w.items[0].names, (Ops{"n0", "n1", "n2"}));
}

TEST(Lower, TailsRunInsideTheirHead) {
  Builder b;
  const int c = b.node("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1", {b.input("x"), -1});
  const int n = b.node("BatchNormalization 1x8x8x8 8 8 8 8", {c, -1, -1, -1, -1});
  b.graph.outputs = {b.node("Relu 1x8x8x8", {n})};
  EXPECT_EQ(ops(lower(b.graph, fusing())), Ops{"Conv+BatchNormalization+Relu"});
}

TEST(Lower, ATailStaysWhereItsInputIsReadTwiceOrIsAnOutput) {
  Builder b;
  const int c = b.node("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1", {b.input("x"), -1});
  b.graph.outputs = {b.node("Relu 1x8x8x8", {c}), c};
  EXPECT_EQ(ops(lower(b.graph, fusing())), (Ops{"Conv", "Relu"}));
  b.graph.outputs = {b.graph.outputs[0], b.node("Sigmoid 1x8x8x8", {c})};
  EXPECT_EQ(ops(lower(b.graph, fusing())), (Ops{"Conv", "Relu", "Sigmoid"}));
}

TEST(Lower, TheResidualAddRunsInsideTheLaterConv) {
  Builder b;
  const int x = b.input("x");
  const int shortcut = b.node("Conv 1x8x8x8 8x8x1x1", {x, -1});
  const int branch = b.node("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1", {x, -1});
  const int sum = b.node("Add 1x8x8x8 1x8x8x8", {branch, shortcut});
  b.graph.outputs = {b.node("Relu 1x8x8x8", {sum})};
  const Workload w = lower(b.graph, fusing());
  EXPECT_EQ(ops(w), (Ops{"Conv", "Conv+Add+Relu"}));
  EXPECT_EQ(w.items[1].layer.input(1).shape, (Shape{8, 8, 3, 3}));
}

TEST(Lower, InPlaceNeedsAnInputThatNobodyElseNeeds) {
  Engine engine;
  engine.in_place = {"Relu"};
  Builder b;
  const int x = b.input("x");
  const int a = b.node("Relu 1x8x8x8", {x});
  const int c = b.node("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1", {a, -1});
  b.graph.outputs = {b.node("Relu 1x8x8x8", {c})};
  EXPECT_EQ(ops(lower(b.graph, engine)), (Ops{"Relu", "Conv", "Relu!"}));
}

TEST(Lower, DeadAndConstantNodesDoNotRun) {
  Builder b;
  const int x = b.input("x");
  b.node("Sigmoid 1x8", {x});
  const int table = b.node("Tanh 1x8", {-1});
  b.graph.nodes.back().folded = true;
  b.graph.outputs = {b.node("Add 1x8 1x8", {x, table})};
  Engine engine;
  EXPECT_EQ(ops(lower(b.graph, engine)), Ops{"Add"});
  engine.prunes_dead = engine.folds_constants = false;
  EXPECT_EQ(ops(lower(b.graph, engine)), (Ops{"Sigmoid", "Tanh", "Add"}));
}

TEST(Lower, AReshapeBehindATransposeMovesTheElements) {
  Engine engine;
  engine.free = {"Transpose", "Reshape"};
  Builder b;
  const int heads = b.node("Reshape 1x128x768 [1,128,12,64]", {b.input("x"), -1});
  const int turned = b.node("Transpose 1x128x12x64 perm=0,2,1,3", {heads});
  const int scores = b.node("MatMul 1x12x128x64 1x12x64x64", {turned, -1});
  const int back = b.node("Transpose 1x12x128x64 perm=0,2,1,3", {scores});
  b.graph.outputs = {b.node("Reshape 1x128x12x64 [1,128,768]", {back, -1})};
  const Workload w = lower(b.graph, engine);
  EXPECT_EQ(ops(w), (Ops{"MatMul", "Transpose"}));
  EXPECT_EQ(w.items[1].names, Ops{"n4"});
  engine.free = {"Reshape"};
  EXPECT_EQ(ops(lower(b.graph, engine)), (Ops{"Transpose", "MatMul", "Transpose"}));
}

/// Two branches of x: one through a convolution and a pool, one times zero through others; and a sum of both.
Graph with_a_dead_branch() {
  Builder b;
  const int x = b.input("x");
  const int zero = b.node("Mul 1x8x4x4 [0.0]@scalar", {x, -1});
  const int idle = b.node("Conv 1x8x4x4 8x8x1x1", {b.node("Relu 1x8x4x4", {zero}), -1});
  const int work = b.node("Conv 1x8x4x4 8x8x1x1", {x, -1});
  const int sum = b.node("Add 1x8x4x4 1x8x4x4", {work, idle});
  b.graph.outputs = {b.node("Sigmoid 1x8x4x4", {sum})};
  return b.graph;
}

TEST(Lower, ZerosAreFoldedWhereTheEngineDoes) {
  Engine engine;
  EXPECT_EQ(ops(lower(with_a_dead_branch(), engine)).size(), 5u);
  engine.folds_zero_products = true;
  const Workload w = lower(with_a_dead_branch(), engine);
  EXPECT_EQ(ops(w), (Ops{"Conv", "Sigmoid"}));
  EXPECT_EQ(w.items[0].count, 1);
}

TEST(Lower, ConstantsThatAreNotZeroStaySummands) {
  Graph graph = with_a_dead_branch();
  graph.nodes[2].layer = parse_layer("Conv 1x8x4x4 8x8x1x1 8");  // its bias stays
  graph.nodes[2].inputs.push_back(-1);
  Engine engine;
  engine.folds_zero_products = true;
  EXPECT_EQ(ops(lower(graph, engine)), (Ops{"Conv", "Add", "Sigmoid"}));
}

TEST(Lower, ZerosLetWhatIsLeftFuse) {
  Engine engine;
  engine.fusions = {{{"Conv"}, {"Sigmoid"}, 8}};
  engine.folds_zero_products = true;
  EXPECT_EQ(ops(lower(with_a_dead_branch(), engine)), Ops{"Conv+Sigmoid"});
}

TEST(Strides, MergeOnlyDimensionsThatContinueEachOther) {
  EXPECT_EQ(reshaped({2, 3, 4}, {12, 4, 1}, {6, 4}), (Strides{4, 1}));
  EXPECT_EQ(reshaped({2, 3, 4}, {12, 4, 1}, {2, 1, 12}), (Strides{12, 12, 1}));
  EXPECT_EQ(reshaped({3, 2}, {1, 3}, {6}), std::nullopt);  // transposed
  EXPECT_EQ(reshaped({2, 3}, {3, 1}, {2, 3, 1}), (Strides{3, 1, 1}));
  EXPECT_EQ(reshaped({4, 2, 8}, {8, 32, 1}, {4, 2, 2, 4}), (Strides{8, 32, 4, 1}));  // splitting a dimension never moves
  EXPECT_EQ(reshaped({2, 3}, {0, 1}, {6}), std::nullopt);                            // expanded
}

TEST(WithDtype, RealsTakeItAndIntegersStay) {
  Workload w;
  w.items.push_back({parse_layer("Gather 1000x64 i64:1x16"), 1, {}});
  w = with_dtype(std::move(w), DataType::bf16);
  EXPECT_EQ(w.items[0].layer.input(0).dtype, DataType::bf16);
  EXPECT_EQ(w.items[0].layer.input(1).dtype, DataType::i64);
  EXPECT_EQ(w.items[0].layer.output(0).dtype, DataType::bf16);
  EXPECT_EQ(with_dtype(w, DataType::tf32).items[0].layer.input(0).dtype, DataType::f32);
}

TEST(LayerHash, EqualLayersHaveEqualHashesAndOthersAreNotTheSame) {
  const Layer a = parse_layer("Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1");
  EXPECT_TRUE(same(a, parse_layer(print(a))));
  EXPECT_EQ(hash(a), hash(parse_layer(print(a))));
  for (const char* other :
       {"Conv 1x8x8x8 8x8x3x3", "Conv 1x8x8x8 8x8x3x3 8 pads=1,1,1,1", "Conv 1x8x8x8 8x8x3x3 pads=1,1,1,1 dtype=f16"}) {
    EXPECT_FALSE(same(a, parse_layer(other))) << other;
    EXPECT_NE(hash(a), hash(parse_layer(other))) << other;
  }
}

}  // namespace
}  // namespace wattlayer
