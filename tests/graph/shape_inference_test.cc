#include "wattlayer/graph/shape_inference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

const std::filesystem::path networks = std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data/networks";

Graph read(const std::string& name, const ImportOptions& options = {}) { return read_onnx(networks / (name + ".onnx"), options); }

const Node& node(const Graph& graph, std::string_view name) {
  auto at = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& n) { return n.name == name; });
  if (at == graph.nodes.end()) throw std::runtime_error("no node " + std::string(name));
  return *at;
}

/// Shapes that onnxruntime gave to every value when tools/make_networks.py wrote the networks.
TEST(ShapeInference, AgreesWithOnnxRuntime) {
  const nlohmann::json golden = nlohmann::json::parse(std::ifstream(networks / "shapes.json"));
  size_t compared = 0;
  for (const auto& [name, expected] : golden.items()) {
    ImportOptions options;
    for (const auto& [dimension, size] : expected["dimensions"].items()) options.dimensions[dimension] = size;
    Graph graph;
    ASSERT_NO_THROW(graph = read(name, options)) << name;
    EXPECT_EQ(graph.unresolved, std::vector<std::string>()) << name;
    for (const Node& node : graph.nodes)
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] < 0) continue;
        auto at = expected["shapes"].find(graph.values[static_cast<size_t>(node.outputs[i])]);
        if (at == expected["shapes"].end() || node.count != 1) continue;
        EXPECT_EQ(rules::text(node.layer.outputs[i].shape), rules::text(at->get<Shape>()))
            << name << " " << node.name << " (" << node.layer.op << ")";
        ++compared;
      }
  }
  EXPECT_GT(compared, 450u);
}

TEST(ShapeInference, CountsLoopBodiesByTheirTrips) {
  const Graph graph = read("control_18");
  EXPECT_EQ(node(graph, "L1/M").count, 5);
  EXPECT_EQ(node(graph, "SC1/S2").count, 2);
  EXPECT_EQ(node(graph, "L1/EACH").layer.output(0).shape, Shape{});
}

TEST(ShapeInference, TakesTheCostlierBranchWhereTheConditionIsOpen) {
  const Graph graph = read("control_18");
  EXPECT_EQ(node(graph, "I1/then/TB").layer.op, "MatMul");
  ASSERT_FALSE(graph.remarks.empty());
  EXPECT_NE(graph.remarks[0].find("more expensive branch (then)"), std::string::npos) << graph.remarks[0];
}

TEST(ShapeInference, FunctionsSeeTheAttributesOfTheirCall) {
  const Graph graph = read("functions_18");
  std::vector<double> slopes;
  for (const Node& n : graph.nodes)
    if (n.layer.op == "LeakyRelu") slopes.push_back(n.layer.attributes.real("alpha", -1));
  EXPECT_EQ(slopes, (std::vector<double>{0.2, 0.1}));
}

TEST(ShapeInference, NamedDimensionsMustBeSet) {
  try {
    read("transformer_18");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("--dim seq="), std::string::npos) << e.what();
  }
  ImportOptions options;
  options.dimensions["seq"] = 9;
  const Graph graph = read("transformer_18", options);
  EXPECT_EQ(node(graph, "Y").layer.output(0).shape, (Shape{1, 9, 32}));
  EXPECT_EQ(graph.remarks, std::vector<std::string>{"dimension 'batch' assumed 1"});
  options.dimensions["length"] = 9;
  EXPECT_THROW(read("transformer_18", options), Error);
}

TEST(ShapeInference, GivenInputsBindTheirNames) {
  ImportOptions options;
  options.inputs["ids"] = {3, 5};
  EXPECT_EQ(node(read("transformer_18", options), "Y").layer.output(0).shape, (Shape{3, 5, 32}));
  options.inputs["ids"] = {3, 5, 1};
  EXPECT_THROW(read("transformer_18", options), Error);
}

TEST(ShapeInference, BatchSetsNamedAndFixedDimensions) {
  ImportOptions options;
  options.dimensions["seq"] = 6;
  options.batch = 8;
  EXPECT_EQ(node(read("transformer_18", options), "Y").layer.output(0).shape, (Shape{8, 6, 32}));
  options.dimensions.clear();
  EXPECT_EQ(node(read("cnn_18", options), "Y").layer.output(0).shape, (Shape{8, 10}));
}

}  // namespace
}  // namespace wattlayer
