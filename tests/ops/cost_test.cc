#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// The layers of VGG11 for 1x3x224x224, as torchvision builds it.
struct Vgg11 {
  std::vector<Layer> convolutions, linear, pools, activations;
};

Vgg11 vgg11() {
  Vgg11 net;
  const auto add = [](std::vector<Layer>& layers, const std::string& text) {
    layers.push_back(parse_layer(text));
    return layers.back().output(0).shape;
  };
  const auto join = [](const Shape& s) {
    std::string out;
    for (int64_t d : s) out += (out.empty() ? "" : "x") + std::to_string(d);
    return out;
  };
  Shape x = {1, 3, 224, 224};
  for (int64_t width : {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}) {
    if (width == 0) {
      x = add(net.pools, "MaxPool " + join(x) + " kernel_shape=2,2 strides=2,2");
      continue;
    }
    x = add(net.convolutions, "Conv " + join(x) + ' ' + join({width, x[1], 3, 3}) + ' ' + join({width}) + " pads=1,1,1,1");
    add(net.activations, "Relu " + join(x));
  }
  for (const char* weights : {"1x25088 4096x25088 4096", "1x4096 4096x4096 4096", "1x4096 1000x4096 1000"}) {
    x = add(net.linear, std::string("Gemm ") + weights + " transB=1");
    if (x[1] == 4096) add(net.activations, "Relu " + join(x));
  }
  return net;
}

double sum(const std::vector<Layer>& layers, double Cost::*count) {
  double total = 0;
  for (const Layer& layer : layers) total += cost(layer).*count;
  return total;
}

/// Getzner et al. 2023, Table 3. ptflops, which they used, counts one operation an output for the bias; their halves of pooling
/// and ReLU are FLOPs / 2.
TEST(Cost, Vgg11AgreesWithGetznerTable3) {
  const Vgg11 net = vgg11();
  EXPECT_EQ(sum(net.convolutions, &Cost::macs) + sum(net.convolutions, &Cost::flops), 7'492'882'432);
  EXPECT_EQ(sum(net.linear, &Cost::macs) + sum(net.linear, &Cost::flops), 123'642'856);
  EXPECT_EQ(sum(net.pools, &Cost::flops) / 2, 3'060'736);
  EXPECT_EQ(sum(net.activations, &Cost::flops) / 2, 3'717'120);
  EXPECT_EQ(sum(net.pools, &Cost::macs) + sum(net.activations, &Cost::macs), 0);
  EXPECT_EQ(sum(net.convolutions, &Cost::parameters) + sum(net.linear, &Cost::parameters), 132'863'336);
}

Cost cost_of(const char* text) { return cost(parse_layer(text)); }

TEST(Cost, ConvolutionIsAnImplicitMatrixProduct) {
  const Cost c = cost_of("Conv 2x32x28x28 64x8x3x3 group=4 pads=1,1,1,1");
  EXPECT_EQ(c.groups, 4);
  EXPECT_EQ(c.m, 2 * 28 * 28);
  EXPECT_EQ(c.n, 16);
  EXPECT_EQ(c.k, 72);
  EXPECT_EQ(c.macs, 2.0 * 28 * 28 * 64 * 72);
}

/// A transposed convolution does the products of the convolution that it is the gradient of.
TEST(Cost, TransposedConvolutionCountsAsItsForwardConvolution) {
  EXPECT_EQ(cost_of("ConvTranspose 1x64x28x28 64x32x2x2 strides=2,2").macs,
            cost_of("Conv 1x32x56x56 64x32x2x2 strides=2,2").macs);
}

TEST(Cost, BatchedMatMulHasAProductForEachElement) {
  const Cost c = cost_of("MatMul 2x12x128x64 2x12x64x100 const=-");
  EXPECT_EQ(c.groups, 24);
  EXPECT_EQ(c.m, 128);
  EXPECT_EQ(c.n, 100);
  EXPECT_EQ(c.k, 64);
  const Cost shared = cost_of("MatMul 2x12x128x64 64x100");
  EXPECT_EQ(shared.groups, 1);
  EXPECT_EQ(shared.m, 2 * 12 * 128);
  EXPECT_EQ(shared.macs, c.macs);
}

/// Attention is the two matrix products and the softmax that an unfused graph has.
TEST(Cost, AttentionAgreesWithItsParts) {
  const Cost whole = cost_of("Attention 1x12x128x64 1x12x128x64 1x12x128x32");
  const double scores = cost_of("MatMul 1x12x128x64 1x12x64x128 const=-").macs,
               values = cost_of("MatMul 1x12x128x128 1x12x128x32 const=-").macs;
  EXPECT_EQ(whole.macs, scores + values);
  const Cost softmax = cost_of("Softmax 1x12x128x128");
  EXPECT_EQ(whole.special, softmax.special);
  EXPECT_EQ(whole.flops, softmax.flops + softmax.output_elements);  // the scale
}

TEST(Cost, FusedAttentionAddsItsProjection) {
  const double inner = cost_of("com.microsoft.MultiHeadAttention 1x128x768 1x128x768 1x128x768 num_heads=12").macs;
  const double projection = cost_of("MatMul 1x128x768 768x2304").macs;
  EXPECT_EQ(cost_of("com.microsoft.Attention 1x128x768 768x2304 2304 num_heads=12").macs, inner + projection);
}

TEST(Cost, GroupQueryAttentionReadsTheFilledCache) {
  const char* step =
      "com.microsoft.GroupQueryAttention 1x1x512 1x1x128 1x1x128 1x2x4096x64 1x2x4096x64 i32:1 i32:[100]@scalar kv_num_heads=2 "
      "num_heads=8";
  EXPECT_EQ(cost_of(step).macs, 8.0 * 1 * 100 * (64 + 64));
  const std::string windowed = std::string(step) + " local_window_size=64";
  EXPECT_EQ(cost_of(windowed.c_str()).macs, 8.0 * 1 * 64 * (64 + 64));
  const std::string prefill =
      "com.microsoft.GroupQueryAttention 1x512x512 1x512x128 1x512x128 - - i32:1 i32:[512]@scalar kv_num_heads=2 num_heads=8 "
      "local_window_size=64";
  EXPECT_EQ(cost_of(prefill.c_str()).macs, 8.0 * 512 * 64 * (64 + 64));
}

TEST(Cost, GroupQueryAttentionReadsNoKeyBeforeItsWindow) {
  const std::string step =
      "com.microsoft.GroupQueryAttention 1x1x512 1x1x128 1x1x128 1x2x4095x64 1x2x4095x64 i32:1 i32:[4096]@scalar kv_num_heads=2 "
      "num_heads=8";
  const double unread = 4096 - 1 - 64;
  EXPECT_EQ(cost_of(step.c_str()).input_bytes - cost_of((step + " local_window_size=64").c_str()).input_bytes,
            unread * 2 * 2 * 64 * 4);
}

/// PyTorch's LSTM(64, 128) over 32 steps of batch 4: steps x batch x 4 hidden x (input + hidden).
TEST(Cost, RecurrenceRepeatsItsStep) {
  const Cost c = cost_of("LSTM 32x4x64 1x512x64 1x512x128 1x1024");
  EXPECT_EQ(c.steps, 32);
  EXPECT_EQ(c.macs, 32.0 * 4 * 512 * (64 + 128));
  EXPECT_EQ(c.macs, c.steps * c.groups * c.m * c.n * c.k);
  EXPECT_EQ(cost_of("LSTM 32x4x64 2x512x64 2x512x128 2x1024 direction=bidirectional").macs, 2 * c.macs);
}

TEST(Cost, EinsumCountsItsContractions) {
  EXPECT_EQ(cost_of("Einsum 2x8x16 2x16x4 equation=bij\\cbjk->bik").macs, cost_of("MatMul 2x8x16 2x16x4 const=-").macs);
  EXPECT_EQ(cost_of("Einsum 8x16 equation=ij->ji").macs, 0);
  EXPECT_EQ(cost_of("Einsum 4x5 5x6 6x7 equation=ab\\cbc\\ccd").macs, 4 * 5 * 6 + 4 * 6 * 7);
}

TEST(Cost, PackedWeightsCountTheirLogicalParameters) {
  const Cost c = cost_of("com.microsoft.MatMulNBits 1x1x4096 uint8:4096x128x16 f16:4096x128 K=4096 N=4096 block_size=32");
  EXPECT_EQ(c.macs, 4096.0 * 4096);
  EXPECT_EQ(c.parameters, 4096.0 * 4096 + 4096 * 128);
  EXPECT_EQ(c.weight_bytes, 4096.0 * 4096 / 2 + 4096 * 128 * 2);
}

TEST(Cost, ExpertsThatNoTokenChoosesAreNotRead) {
  const Cost c = cost_of("com.microsoft.MoE 1x64 1x8 8x256x64 - 8x64x256 activation_type=gelu k=2");
  EXPECT_EQ(c.macs, 2.0 * 2 * 256 * 64);
  EXPECT_EQ(c.weight_bytes, 2.0 / 8 * 2 * 8 * 256 * 64 * 4);
}

TEST(Cost, EmbeddingTablesAreReadByRow) {
  const Cost c = cost_of("com.microsoft.EmbedLayerNormalization i32:1x128 i32:1x128 30522x768 512x768 2x768 768 768");
  EXPECT_EQ(c.weight_bytes, (2 * 128 + 2 + 2) * 768.0 * 4);
}

}  // namespace
}  // namespace wattlayer
