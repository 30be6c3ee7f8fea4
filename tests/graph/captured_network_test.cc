#include "wattlayer/graph/captured_network.h"

#include <gtest/gtest.h>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

CapturedNetwork one_convolution() {
  CapturedNetwork network{.name = "net"};
  network.inputs.push_back({"x", Tensor::of({1, 3, 8, 8})});
  network.constants.push_back({"w", Tensor::of({4, 3, 3, 3})});
  network.values.push_back({"y", Tensor::of({1, 4, 8, 8})});
  network.nodes.push_back({.name = "conv",
                           .op = "Conv",
                           .inputs = {"x", "w"},
                           .outputs = {"y"},
                           .attributes = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}});
  network.outputs = {"y"};
  return network;
}

TEST(CapturedNetwork, IsAGraphLikeThatOfAFile) {
  const Graph graph = graph_of(one_convolution());
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.batch, 1);
  EXPECT_TRUE(graph.remarks.empty());
  const Workload workload = lower(graph, Engine{});
  ASSERT_EQ(workload.items.size(), 1u);
  EXPECT_EQ(print(workload.items[0].layer), "Conv 1x3x8x8 4x3x3x3 pads=1,1,1,1 dtype=f32");
  EXPECT_EQ(workload.items[0].names, std::vector<std::string>{"conv"});
}

TEST(CapturedNetwork, SaysWhereRulesAndFrameworkDiffer) {
  CapturedNetwork network = one_convolution();
  network.values[0].tensor.shape = {1, 4, 6, 6};
  const Graph graph = graph_of(network);
  ASSERT_EQ(graph.remarks.size(), 1u);
  EXPECT_NE(graph.remarks[0].find("1x4x8x8 by the operator's rules, 1x4x6x6 by the framework"), std::string::npos);
}

TEST(CapturedNetwork, KeepsAnOperatorThatNobodyHasMapped) {
  CapturedNetwork network = one_convolution();
  network.nodes[0].op = "aten.unheard_of", network.nodes[0].attributes = {};
  const Graph graph = graph_of(network);
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_FALSE(graph.nodes[0].in_catalogue);
  EXPECT_EQ(graph.nodes[0].layer.op, "aten.unheard_of");
  EXPECT_EQ(graph.nodes[0].layer.outputs[0].shape, (Shape{1, 4, 8, 8}));
}

TEST(CapturedNetwork, NamesTheNetworkInErrors) {
  CapturedNetwork network = one_convolution();
  network.nodes[0].inputs[0] = "nothing";
  try {
    graph_of(network);
    FAIL() << "expected an error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    EXPECT_NE(std::string(e.what()).find("net: node conv"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace wattlayer
