#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Dft, HalvesTheBinsOfRealSignals) {
  EXPECT_EQ(inferred("DFT 1x400x1 - [1]@scalar"), "1x400x2");
  EXPECT_EQ(inferred("DFT 1x400x1 - [1]@scalar onesided=1"), "1x201x2");
  EXPECT_EQ(inferred("DFT 1x400x8x1 [512]@scalar axis=1 onesided=1"), "1x257x8x2");
  EXPECT_EQ(inferred("DFT 1x400x1 i64:scalar"), "?");
  EXPECT_THROW(parse_layer("DFT 1x400x1 - [2]@scalar"), Error);
}

TEST(Dft, TakesTheAxisOfItsOpset) {
  Layer layer = parse_layer("DFT 2x16x8x1");
  EXPECT_EQ(layer.output(0).shape, (Shape{2, 16, 8, 2}));
  layer = parse_layer("DFT 2x16x8x1 onesided=1");
  EXPECT_EQ(layer.output(0).shape, (Shape{2, 16, 5, 2}));
  layer.inputs.resize(1);
  infer(layer, 17);
  EXPECT_EQ(layer.output(0).shape, (Shape{2, 9, 8, 2}));
}

TEST(Dft, CountsFiveNLog2N) { EXPECT_EQ(cost(parse_layer("DFT 3x1024x1")).flops, 3 * 5 * 1024 * 10); }

TEST(Stft, CountsFrames) {
  EXPECT_EQ(inferred("STFT 1x16000x1 [160]@scalar 400"), "1x98x201x2");
  EXPECT_EQ(inferred("STFT 1x16000x1 [160]@scalar - [400]@scalar onesided=0"), "1x98x400x2");
  EXPECT_THROW(parse_layer("STFT 1x16000x1 [0]@scalar 400"), Error);
  EXPECT_THROW(parse_layer("STFT 1x100x1 [160]@scalar 400"), Error);
  EXPECT_EQ(inferred("HannWindow [400]@scalar"), "400");
  EXPECT_EQ(inferred("MelWeightMatrix [80]@scalar [400]@scalar [16000]@scalar [0.0]@scalar [8000.0]@scalar"), "201x80");
}

TEST(Losses, ReduceUnlessToldOtherwise) {
  EXPECT_EQ(inferred("SoftmaxCrossEntropyLoss 8x10x4 i64:8x4 outputs=1,1"), "scalar");
  EXPECT_EQ(inferred("SoftmaxCrossEntropyLoss 8x10x4 i64:8x4 outputs=1,1", 1), "8x10x4");
  EXPECT_EQ(inferred("NegativeLogLikelihoodLoss 8x10x4 i64:8x4 reduction=none"), "8x4");
  EXPECT_THROW(parse_layer("NegativeLogLikelihoodLoss 8x10 i64:7"), Error);
}

TEST(Optimizers, ReturnTensorsAndStates) {
  const Layer adam = parse_layer("ai.onnx.preview.training.Adam scalar i64:scalar 3 4 3 4 3 4 3 4 outputs=1,1,1,1,1,1");
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(adam.output(i).shape, (Shape{i % 2 == 0 ? 3 : 4}));
  EXPECT_EQ(cost(adam).special, 2 * 7);
  EXPECT_THROW(parse_layer("ai.onnx.preview.training.Adam scalar i64:scalar 3 4 3"), Error);
}

}  // namespace
}  // namespace wattlayer
