#include "wattlayer/fit/layer_features.h"

#include <gtest/gtest.h>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

double of(const char* layer, LayerFeature f) { return feature(parse_layer(layer), f); }

TEST(LayerFeatures, OfAConvolution) {
  const char* conv = "Conv 2x3x9x9 8x3x3x3 8 pads=1,1,1,1 strides=2,2";
  const std::vector<std::pair<LayerFeature, double>> expected = {
      {F::batch, 2},         {F::image_size, 9},          {F::kernel_size, 3},
      {F::in_channels, 3},   {F::out_channels, 8},        {F::stride, 2},
      {F::padding, 1},       {F::out_image_size, 5},      {F::input_size, 243},
      {F::output_size, 200}, {F::macs, 2 * 200 * 27},     {F::paper_macs, 2 * 200 * 28},
      {F::activations, 400}, {F::parameters, 8 * 27 + 8}, {F::memory, 4.0 * (486 + 224 + 400)}};
  for (const auto& [f, value] : expected) EXPECT_EQ(of(conv, f), value) << static_cast<int>(f);
}

TEST(LayerFeatures, MacsAsThePaperCountsThem) {
  EXPECT_EQ(of("MaxPool 2x3x8x8 kernel_shape=2,2 strides=2,2", F::paper_macs), 4 * 2 * 3 * 16 / 2);
  EXPECT_EQ(of("Relu 2x100", F::paper_macs), 200);
  EXPECT_EQ(of("Gemm 2x10 5x10 5 transB=1", F::paper_macs), 2 * 5 * 11);
  EXPECT_EQ(of("Gemm 2x10 5x10 transB=1", F::paper_macs), 2 * 5 * 10);
  EXPECT_EQ(of("Tanh 2x100", F::paper_macs), 0);
}

TEST(LayerFeatures, OfFlatLayers) {
  EXPECT_EQ(of("Gemm 2x10 5x10 5 transB=1", F::in_channels), 10);
  EXPECT_EQ(of("Gemm 2x10 5x10 5 transB=1", F::out_channels), 5);
  EXPECT_EQ(of("Relu 2x100", F::image_size), 0);
  EXPECT_EQ(of("Relu 2x100", F::input_size), 100);
}

TEST(LayerFeatures, TotalsCountEveryExecution) {
  Workload workload;
  workload.items.push_back({.layer = parse_layer("Relu 2x100"), .count = 3});
  workload.items.push_back({.layer = parse_layer("Relu 1x7")});
  EXPECT_EQ(total(workload, F::activations), 607);
}

}  // namespace
}  // namespace wattlayer
