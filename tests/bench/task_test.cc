#include "wattlayer/bench/task.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Engine pytorch() { return parse_engine(*DataFiles().read("engines", "pytorch.json"), "pytorch"); }

Graph resnet50() { return read_onnx(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "examples/resnet50.onnx"); }

TEST(LayerTask, IsAGraphOfOneNodeWhoseWeightsAreNotFed) {
  const Task task = layer_task(parse_layer("Conv 2x3x8x8 4x3x3x3 4 pads=1,1,1,1 dtype=f32"));
  ASSERT_EQ(task.graph.nodes.size(), 1u);
  EXPECT_EQ(task.graph.values.size(), 4u);
  EXPECT_EQ(task.graph.inputs, std::vector<int>{0});
  EXPECT_EQ(task.graph.outputs, std::vector<int>{3});
  EXPECT_EQ(task.workload.batch, 2);
  EXPECT_FALSE(task.workload.is_network);
  EXPECT_EQ(print(task.workload.items.at(0).layer), task.workload.name);
}

TEST(LayerTask, AnAbsentInputHasNoValue) {
  const Task task = layer_task(parse_layer("Clip 2x8 - scalar"));
  EXPECT_EQ(task.graph.nodes[0].inputs, (std::vector<int>{0, -1, 1}));
}

TEST(LayerTask, RefusesAShapeThatIsNotKnown) {
  Layer layer = parse_layer("Relu 2x8");
  layer.outputs[0].known = false;
  EXPECT_THROW(layer_task(layer), Error);
}

TEST(NetworkTask, RunsWhatTheWorkloadCounts) {
  const Graph graph = resnet50();
  const Task task = network_task(graph, pytorch(), DataType::f32);
  double counted = 0, run = 0;
  const std::vector<std::string> free = pytorch().free;
  for (const WorkloadItem& item : task.workload.items) counted += item.count;
  for (const Node& node : task.graph.nodes)
    if (std::find(free.begin(), free.end(), node.layer.op) == free.end()) run += node.count;
  EXPECT_EQ(counted, run);
  EXPECT_TRUE(task.workload.is_network);
  EXPECT_EQ(task.graph.outputs, graph.outputs);
}

TEST(NetworkTask, MarksWhatRunsInPlace) {
  const Task task = network_task(resnet50(), pytorch(), DataType::f32);
  size_t relus = 0, in_place = 0;
  for (const Node& node : task.graph.nodes)
    if (node.layer.op == "Relu") ++relus, in_place += node.layer.in_place;
  EXPECT_EQ(relus, 49u);
  EXPECT_EQ(in_place, 49u);
}

TEST(NetworkTask, TakesTheDataTypeThroughout) {
  const Task task = network_task(resnet50(), pytorch(), DataType::bf16);
  for (const Node& node : task.graph.nodes) {
    EXPECT_EQ(node.layer.dtype, DataType::bf16);
    EXPECT_EQ(node.layer.output(0).dtype, DataType::bf16);
  }
  for (const WorkloadItem& item : task.workload.items) EXPECT_EQ(item.layer.dtype, DataType::bf16);
}

TEST(NetworkTask, NamesTheNodeWhoseShapeIsNotKnown) {
  Graph graph = resnet50();
  graph.nodes[5].layer.outputs[0].known = false;
  try {
    network_task(graph, pytorch(), DataType::f32);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(e.what()).find(graph.nodes[5].name), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace wattlayer
