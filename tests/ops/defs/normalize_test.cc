#include <gtest/gtest.h>

#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

Layer layer(std::string op, std::vector<Shape> inputs, size_t outputs = 1) {
  Layer out;
  out.op = std::move(op);
  for (Shape& s : inputs) out.inputs.push_back(Tensor::of(std::move(s)));
  out.outputs.resize(outputs);
  return out;
}

TEST(Normalize, OldSoftmaxOverOneWideDimensionIsTodays) {
  Layer old = layer("Softmax", {{1, 1000}});
  infer(old, 11);
  EXPECT_EQ(print(old), "Softmax 1x1000 dtype=f32");
  old = layer("Softmax", {{2, 10, 1, 1}});
  infer(old, 11);
  EXPECT_EQ(print(old), "Softmax 2x10x1x1 axis=1 dtype=f32");
}

TEST(Normalize, OldSoftmaxOverSeveralDimensionsStaysFlat) {
  Layer old = layer("Softmax", {{2, 8, 16}});
  infer(old, 11);
  EXPECT_EQ(print(old), "Softmax 2x8x16 axis=1 flatten=1 dtype=f32");
  EXPECT_EQ(cost(old).special, 2 * 8 * 16 + 2);
  infer(old, 11);
  EXPECT_EQ(print(old), "Softmax 2x8x16 axis=1 flatten=1 dtype=f32");
}

TEST(Normalize, ClipBoundsBecomeInputs) {
  Layer old = layer("Clip", {{1, 8}});
  old.attributes.set("max", 6.0);
  old.attributes.set("min", 0.0);
  infer(old, 6);
  EXPECT_EQ(print(old), "Clip 1x8 [0.0]@scalar [6.0]@scalar dtype=f32");
}

TEST(Normalize, OldBatchNormalizationTrainsWhenItHasMoreOutputs) {
  Layer old = layer("BatchNormalization", {{8, 16, 4, 4}, {16}, {16}, {16}, {16}}, 5);
  infer(old, 9);
  EXPECT_EQ(old.attributes.integer("training_mode", 0), 1);
  EXPECT_EQ(old.output(4).shape, (Shape{16}));
  Layer inference = layer("BatchNormalization", {{8, 16, 4, 4}, {16}, {16}, {16}, {16}});
  infer(inference, 9);
  EXPECT_FALSE(inference.attributes.has("training_mode"));
}

/// Attributes come from files in single precision.
TEST(Normalize, DefaultsAreRecognizedInSinglePrecision) {
  Layer leaky = layer("LeakyRelu", {{1, 8}});
  leaky.attributes.set("alpha", static_cast<double>(0.01F));
  infer(leaky);
  EXPECT_EQ(print(leaky), "LeakyRelu 1x8 dtype=f32");
}

}  // namespace
}  // namespace wattlayer
