#include "wattlayer/predict/tree_inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

constexpr const char* hardware_json = R"({"name": "test", "kind": "gpu", "compute_units": 100, "peak_flops": {"f32": 1e13},
  "bandwidth_bytes_per_s": 1e12, "memory": [{"name": "HBM", "bytes": 1e12}], "tdp_w": 100, "scope": "gpu-board", "sources": {}})";

float input(const char* layer, std::string_view name) {
  const Features f = features(parse_layer(layer), parse_hardware(hardware_json, "test"), parse_engine(R"({"name": "e"})", "e"));
  const TreeInputs values = tree_inputs(f, 2e-3, 50);
  const auto names = tree_input_names();
  return values.at(static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin()));
}

TEST(TreeInputs, NamesDiffer) {
  const auto names = tree_input_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), tree_input_kinds);
}

TEST(TreeInputs, OfAProduct) {
  const char* layer = "Gemm 200x96 640x96 transB=1";
  EXPECT_FLOAT_EQ(input(layer, "law_time"), std::log(2e-3));
  EXPECT_FLOAT_EQ(input(layer, "law_power"), std::log(50));
  EXPECT_FLOAT_EQ(input(layer, "m"), std::log(200));
  EXPECT_FLOAT_EQ(input(layer, "macs"), std::log(200 * 96 * 640.));
  EXPECT_FLOAT_EQ(input(layer, "align_m"), 8);
  EXPECT_FLOAT_EQ(input(layer, "align_n"), 128);
  EXPECT_FLOAT_EQ(input(layer, "padding_64"), 256 / 200.);
  EXPECT_FLOAT_EQ(input(layer, "waves_64x128"), std::log(4 * 5 / 100.));
  EXPECT_FLOAT_EQ(input(layer, "tail_64x128"), 5);
}

TEST(TreeInputs, OfAttention) {
  const char* decode =
      "com.microsoft.GroupQueryAttention 2x1x768 2x1x128 2x1x128 fp8:2x2x99x64 fp8:2x2x99x64 i32:2 i32:[100]@scalar "
      "kv_num_heads=2 num_heads=12 local_window_size=50";
  EXPECT_FLOAT_EQ(input(decode, "heads"), std::log(12));
  EXPECT_FLOAT_EQ(input(decode, "kv_heads"), std::log(2));
  EXPECT_FLOAT_EQ(input(decode, "length"), std::log(100));
  EXPECT_FLOAT_EQ(input(decode, "window"), std::log(51));
  EXPECT_FLOAT_EQ(input(decode, "cache_bits"), 8);
  EXPECT_FLOAT_EQ(input(decode, "causal"), 1);
  EXPECT_FLOAT_EQ(input("Attention 1x12x128x64 1x12x128x64 1x12x128x64", "heads"), std::log(12));
}

TEST(TreeInputs, OfExperts) {
  const char* layer = "com.microsoft.MoE 1x16x64 16x8 int4:8x256x64 8x256 int4:8x64x256 8x64 activation_type=gelu k=2";
  EXPECT_FLOAT_EQ(input(layer, "experts"), std::log(8));
  EXPECT_FLOAT_EQ(input(layer, "weight_bits"), 4);
  EXPECT_FLOAT_EQ(input(layer, "tokens_of_an_expert"), std::log(4));
  const char* share = "com.microsoft.MoE 1x16x64 16x8 2x256x64 2x256 2x64x256 2x64 activation_type=gelu k=2 routing_skew=1.2";
  EXPECT_FLOAT_EQ(input(share, "experts"), std::log(2));
  EXPECT_FLOAT_EQ(input(share, "routed"), 8);
  EXPECT_FLOAT_EQ(input(share, "tokens_of_an_expert"), std::log(4));
  EXPECT_FLOAT_EQ(input(share, "skew"), 1.2f);
  EXPECT_FLOAT_EQ(input(share, "min_latency"), 0);
  EXPECT_FLOAT_EQ(input((std::string(share) + " min_latency=1").c_str(), "min_latency"), 1);
  EXPECT_FLOAT_EQ(input(layer, "macs") - input(share, "macs"), std::log(4));
}

TEST(TreeInputs, NeverNaN) {
  for (const char* layer : {"Relu 0", "Relu 4x4", "Conv 1x3x8x8 4x3x3x3 pads=1,1,1,1", "MaxPool 1x3x8x8 kernel_shape=2,2"}) {
    const Features f = features(parse_layer(layer), parse_hardware(hardware_json, "test"), parse_engine(R"({"name": "e"})", "e"));
    for (float v : tree_inputs(f, 0, 0)) EXPECT_TRUE(std::isfinite(v)) << layer;
  }
}

}  // namespace
}  // namespace wattlayer
