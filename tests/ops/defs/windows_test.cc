#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

Shape shape_of(const std::string& text) { return parse_layer(text).output(0).shape; }

TEST(Windows, AutoPadBecomesPads) {
  EXPECT_EQ(print(parse_layer("Conv 1x3x8x7 4x3x3x2 auto_pad=SAME_UPPER strides=2,2")),
            "Conv 1x3x8x7 4x3x3x2 pads=0,0,1,1 strides=2,2 dtype=f32");
  EXPECT_EQ(print(parse_layer("Conv 1x3x8x7 4x3x3x2 auto_pad=SAME_LOWER strides=2,2")),
            "Conv 1x3x8x7 4x3x3x2 pads=1,1,0,0 strides=2,2 dtype=f32");
  EXPECT_EQ(print(parse_layer("Conv 1x3x8x7 4x3x3x2 auto_pad=VALID pads=1,1,1,1")), "Conv 1x3x8x7 4x3x3x2 dtype=f32");
}

/// SqueezeNet's pools: 3x3 stride 2 with ceil_mode.
TEST(Windows, CeilModeAddsAWindowThatStartsInside) {
  EXPECT_EQ(shape_of("MaxPool 1x96x54x54 ceil_mode=1 kernel_shape=3,3 strides=2,2"), (Shape{1, 96, 27, 27}));
  EXPECT_EQ(shape_of("MaxPool 1x96x54x54 kernel_shape=3,3 strides=2,2"), (Shape{1, 96, 26, 26}));
  // A further window would start in the trailing pads: PyTorch and onnxruntime leave it out.
  EXPECT_EQ(shape_of("MaxPool 1x1x7x8 ceil_mode=1 kernel_shape=2,1 strides=3,3"), (Shape{1, 1, 3, 3}));
}

/// EfficientNet of transformers pools 18x18 positions with a window as wide as its channels.
TEST(Windows, CeilModeLetsAWindowBeLargerThanTheInput) {
  const Layer pool = parse_layer("AveragePool 1x2560x18x18 ceil_mode=1 kernel_shape=2560,2560 strides=2560,2560");
  EXPECT_EQ(pool.output(0).shape, (Shape{1, 2560, 1, 1}));
  EXPECT_EQ(cost(pool).flops, 2560 * 18 * 18);
}

TEST(Windows, TransposedConvolutionReachesItsOutputShape) {
  EXPECT_EQ(shape_of("ConvTranspose 1x1x3x3 1x2x3x3 output_shape=10,8 strides=3,2"), (Shape{1, 2, 10, 8}));
  EXPECT_EQ(shape_of("ConvTranspose 1x1x3x3 1x2x3x3 auto_pad=SAME_UPPER strides=2,2"), (Shape{1, 2, 6, 6}));
  // A kernel narrower than the stride cannot fill input x stride.
  EXPECT_EQ(shape_of("ConvTranspose 1x4x2x3 4x1x1x3 auto_pad=SAME_LOWER strides=3,2"), (Shape{1, 1, 4, 6}));
}

TEST(Windows, RefusesWhatDoesNotFit) {
  for (const char* text :
       {"Conv 1x3x4x4 8x3x5x5", "Conv 1x3x4x4 8x3x3x3 strides=0,1", "Conv 1x3x4x4 8x2x3x3", "MaxPool 1x3x4x4 kernel_shape=3",
        "MaxPool 1x3x4x4", "Conv 1x3x4x4 8x3x3x3 dilations=9223372036854775807,1",
        "Conv 1x3x9223372036854775807x4 8x3x3x3 pads=9223372036854775807,0,1,0", "ConvTranspose 1x3x4x4 4x3x3x3",
        "ConvTranspose 1x3x4x4 3x8x3x3 pads=9,9,9,9", "Conv 1x3x4x4 8x3x3x3 group=0"})
    EXPECT_THROW(parse_layer(text), Error) << text;
}

}  // namespace
}  // namespace wattlayer
