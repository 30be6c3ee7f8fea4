#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

using protozero::pbf_writer;

void add_tensor_type(pbf_writer& value, const std::vector<int64_t>& dimensions) {
  pbf_writer type(value, 2), tensor(type, 1);
  tensor.add_int32(1, 1);
  pbf_writer shape(tensor, 2);
  for (int64_t d : dimensions) pbf_writer(shape, 1).add_int64(1, d);
}

void add_value(pbf_writer& graph, int field, const std::string& name, const std::vector<int64_t>& dimensions) {
  pbf_writer value(graph, static_cast<protozero::pbf_tag_type>(field));
  value.add_string(1, name);
  add_tensor_type(value, dimensions);
}

void add_weight(pbf_writer& graph, const std::string& name, size_t count, float first) {
  std::string raw;
  for (size_t i = 0; i < count; ++i) {
    const float value = first + static_cast<float>(i);
    raw.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  pbf_writer tensor(graph, 5);
  tensor.add_int64(1, static_cast<int64_t>(count));
  tensor.add_int32(2, 1);
  tensor.add_string(8, name);
  tensor.add_bytes(9, raw);
}

/// Two normalisations of the same shape whose weights differ, stored inside the file.
std::string two_normalizations() {
  std::string bytes;
  pbf_writer model(bytes);
  model.add_int64(1, 8);
  {
    pbf_writer graph(model, 7);
    for (const auto& [in, out] : {std::pair{"x", "y"}, std::pair{"y", "z"}}) {
      pbf_writer node(graph, 1);
      node.add_string(1, in);
      for (const char* weight : {"scale", "shift", "mean", "variance"}) node.add_string(1, std::string(out) + weight);
      node.add_string(2, out);
      node.add_string(4, "BatchNormalization");
    }
    for (const char* out : {"y", "z"})
      for (const char* weight : {"scale", "shift", "mean", "variance"})
        add_weight(graph, std::string(out) + weight, 64, static_cast<float>(*out));
    add_value(graph, 11, "x", {1, 64, 8, 8});
    add_value(graph, 12, "z", {1, 64, 8, 8});
  }
  pbf_writer(model, 8).add_int64(2, 17);
  return bytes;
}

TEST(OnnxWeights, LayersThatDifferInWeightsAloneAreEqual) {
  const Graph graph = read_onnx(two_normalizations(), "net");
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(print(graph.nodes[0].layer), print(graph.nodes[1].layer));
  EXPECT_EQ(graph.nodes[0].layer.input(1).value, nullptr);
  EXPECT_TRUE(graph.nodes[0].layer.input(1).constant);
}

}  // namespace
}  // namespace wattlayer
