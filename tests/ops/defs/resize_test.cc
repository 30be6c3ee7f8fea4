#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Resize, TakesScalesOrSizes) {
  EXPECT_EQ(inferred("Resize 1x3x28x28 - [1.0,1.0,2.0,0.6]"), "1x3x56x16");
  EXPECT_EQ(inferred("Resize 1x3x28x28 [1.0,1.0,2.0,0.6]"), "1x3x56x16");
  EXPECT_EQ(inferred("Resize 1x3x28x28 - - [1,3,7,9]"), "1x3x7x9");
  EXPECT_EQ(inferred("Resize 1x3x28x28 - f32:0 [1,3,7,9]"), "1x3x7x9");
  EXPECT_EQ(inferred("Resize 1x3x28x28 - - [7,9] axes=2,3"), "1x3x7x9");
  EXPECT_EQ(inferred("Resize 1x3x28x28 - 4"), "?");
  EXPECT_THROW(parse_layer("Resize 1x3x28x28"), Error);
  EXPECT_THROW(parse_layer("Resize 1x3x28x28 - [2.0,2.0]"), Error);
  EXPECT_THROW(parse_layer("Resize 1x3x28x28 - [1.0,1.0,-2.0,2.0]"), Error);
  EXPECT_THROW(parse_layer("Resize 1x3x28x28 - [1.0,1.0,1e30,2.0]"), Error);
}

TEST(Resize, KeepsProportions) {
  EXPECT_EQ(inferred("Resize 1x3x200x300 - - [100,100] axes=2,3 keep_aspect_ratio_policy=not_larger"), "1x3x67x100");
  EXPECT_EQ(inferred("Resize 1x3x200x300 - - [100,100] axes=2,3 keep_aspect_ratio_policy=not_smaller"), "1x3x100x150");
}

TEST(Resize, WeighsTwoOrFourElementsAnAxis) {
  EXPECT_EQ(cost(parse_layer("Resize 1x1x4x4 - [1.0,1.0,2.0,2.0]")).flops, 0);
  EXPECT_EQ(cost(parse_layer("Resize 1x1x4x4 - [1.0,1.0,2.0,2.0] mode=linear")).flops, 64 * 8);
  EXPECT_EQ(cost(parse_layer("Resize 1x1x4x4 - [1.0,1.0,2.0,1.0] mode=linear")).flops, 32 * 4);
  EXPECT_EQ(cost(parse_layer("Resize 1x1x4x4 - [1.0,1.0,2.0,2.0] mode=cubic")).flops, 64 * 32);
}

TEST(Upsample, TakesScalesAsInputOrAttribute) {
  EXPECT_EQ(inferred("Upsample 1x3x4x5 [1.0,1.0,2.0,3.0]"), "1x3x8x15");
  EXPECT_EQ(inferred("Upsample 1x3x4x5 scales=1.0,1.0,2.0,3.0"), "1x3x8x15");
}

TEST(Pad, TakesAxesAndNegativePads) {
  EXPECT_EQ(inferred("Pad [1,2,3] [1,2] [9]@scalar"), "[9,1,2,3,9,9]");
  EXPECT_EQ(inferred("Pad [1,2,3] [2,2] mode=reflect"), "[3,2,1,2,3,2,1]");
  EXPECT_EQ(inferred("Pad [1,2,3] [2,2] mode=edge"), "[1,1,1,2,3,3,3]");
  EXPECT_EQ(inferred("Pad [1,2,3] [2,2] mode=wrap"), "[2,3,1,2,3,1,2]");
  EXPECT_EQ(inferred("Pad [1,2,3] [-1,0]"), "[2,3]");
  EXPECT_EQ(inferred("Pad 1x3x5x5 [1,2,3,4] - [2,-1]"), "1x3x9x11");
  EXPECT_EQ(inferred("Pad 1x3x5x5 pads=0,0,1,2,0,0,3,4"), "1x3x9x11");
  EXPECT_EQ(inferred("Pad 1x3x5x5 i64:8"), "?");
  EXPECT_THROW(parse_layer("Pad 1x3 [1,1]"), Error);
  EXPECT_THROW(parse_layer("Pad 1x3 [0,-4,0,0]"), Error);
  EXPECT_THROW(parse_layer("Pad [4,-1,7] [-9223372036854775808,9223372036854775807] mode=edge"), Error);
  EXPECT_THROW(parse_layer("Pad 1x3 [0,9223372036854775807,0,9223372036854775807]"), Error);
}

TEST(Rearrange, KeepsAllElements) {
  EXPECT_EQ(inferred("DepthToSpace 1x8x2x3 blocksize=2"), "1x2x4x6");
  EXPECT_EQ(inferred("SpaceToDepth 1x2x4x6 blocksize=2"), "1x8x2x3");
  EXPECT_EQ(inferred("Trilu [1,2,3,4,5,6,7,8,9]@3x3"), "[1,2,3,0,5,6,0,0,9]@3x3");
  EXPECT_EQ(inferred("Trilu [1,2,3,4,5,6,7,8,9]@3x3 [-1]@scalar upper=0"), "[0,0,0,4,0,0,7,8,0]@3x3");
  EXPECT_THROW(parse_layer("DepthToSpace 1x6x2x3 blocksize=2"), Error);
  EXPECT_THROW(parse_layer("DepthToSpace 1x8x2x3"), Error);
}

}  // namespace
}  // namespace wattlayer
