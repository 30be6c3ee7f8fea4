#include "wattlayer/report/inspection.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/ops/layer_text.h"
#include "wattlayer/report/format.h"

namespace wattlayer {
namespace {

/// x -> Conv(w) -> Conv(w) -> Relu, the weight shared, one node computed at load time, one unknown.
Graph small_graph() {
  Graph g;
  g.name = "shared";
  g.values = {"x", "w", "a", "b", "c", "k", "d"};
  const Layer conv = parse_layer("Conv 1x8x4x4 8x8x3x3 pads=1,1,1,1 dtype=f32");
  g.nodes.push_back({.name = "conv1", .layer = conv, .inputs = {0, 1}, .outputs = {2}});
  g.nodes.push_back({.name = "conv2", .layer = conv, .inputs = {2, 1}, .outputs = {3}});
  g.nodes.push_back({.name = "relu", .layer = parse_layer("Relu 1x8x4x4 dtype=f32"), .inputs = {3}, .outputs = {4}, .count = 2});
  g.nodes.push_back({.name = "early", .layer = parse_layer("Relu 5 dtype=f32"), .inputs = {5}, .outputs = {5}, .folded = true});
  Layer odd = parse_layer("my.Thing 1x8x4x4 dtype=f32 -> 1");
  odd.outputs[0].known = false;
  g.nodes.push_back({.name = "odd", .layer = odd, .inputs = {4}, .outputs = {6}, .in_catalogue = false});
  g.inputs = {0};
  g.outputs = {6};
  g.unresolved = {"odd"};
  return g;
}

TEST(Inspection, CountsASharedWeightOnce) {
  const Inspection i = inspect(small_graph());
  EXPECT_EQ(i.parameters, 8 * 8 * 3 * 3);
  EXPECT_EQ(i.weight_bytes, 4 * 8 * 8 * 3 * 3);
  EXPECT_EQ(i.macs, 2 * 8 * 16 * 8 * 9);
}

TEST(Inspection, AskingForAShapeMakesNoParameter) {
  Graph g = small_graph();
  g.values.push_back("v");
  g.nodes.push_back(
      {.name = "shape", .layer = parse_layer("Shape 64x8 const=0 dtype=f32"), .inputs = {7}, .outputs = {-1}, .folded = true});
  EXPECT_EQ(inspect(g).parameters, 8 * 8 * 3 * 3);
}

TEST(Inspection, FoldedNodesCostNothing) {
  const Inspection i = inspect(small_graph());
  EXPECT_TRUE(i.nodes[3].folded);
  EXPECT_EQ(i.activations, 128 + 128 + 2 * 128);
}

TEST(Inspection, SaysWhatIsUnknown) {
  const auto json = nlohmann::json::parse(require_format("json").inspection(inspect(small_graph()), {}));
  EXPECT_EQ(json.at("unresolved"), nlohmann::json{"odd"});
  EXPECT_EQ(json.at("unknown_operators").at(0).at("op"), "my.Thing");
  EXPECT_EQ(json.at("totals").at("macs"), 2 * 8 * 16 * 8 * 9);
  EXPECT_EQ(json.at("layers").size(), 5u);
  EXPECT_EQ(json.at("inputs").at(0), "x f32 1x8x4x4");
  const std::string table = require_format("table").inspection(inspect(small_graph()), {.all_layers = true});
  EXPECT_NE(table.find("Shapes stay unknown at 1 nodes\n  odd\n"), table.npos);
  EXPECT_NE(table.find("not in the catalogue"), table.npos);
}

}  // namespace
}  // namespace wattlayer
