#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Reshape, CopiesZerosAndFillsTheRest) {
  EXPECT_EQ(inferred("Reshape 1x128x768 [0,-1,12,64]"), "1x128x12x64");
  EXPECT_EQ(inferred("Reshape 2x3x4 [4,2,3]"), "4x2x3");
  EXPECT_EQ(inferred("Reshape 2x3x4 [-1]"), "24");
  EXPECT_EQ(inferred("Reshape 0x3x4 [3,4,0] allowzero=1"), "3x4x0");
  EXPECT_EQ(inferred("Reshape 2x0x4 [0,0,-1]"), "2x0x0");
  EXPECT_EQ(inferred("Reshape [5,6] [2,1]"), "[5,6]@2x1");
  EXPECT_EQ(inferred("Reshape 2x3 i64:2"), "?");
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  for (const char* text :
       {"Reshape 2x3 [4]", "Reshape 2x3 [-1,-1]", "Reshape 2x3 [-1,4]", "Reshape 2x3 [-2]", "Reshape 2x3 [1,1,0]",
        "Reshape 2x3 [-1,0] allowzero=1", "Reshape 4611686018427387904x4611686018427387904 [-1]",
        "Reshape 2x3 [4611686018427387904,4611686018427387904]"})
    EXPECT_THROW(parse_layer(text), Error) << text;
}

TEST(Squeeze, TakesAxesAsInputOrAttribute) {
  EXPECT_EQ(inferred("Squeeze 1x3x1x5 [0]"), "3x1x5");
  EXPECT_EQ(inferred("Squeeze 1x3x1x5 [-2]"), "1x3x5");
  EXPECT_EQ(inferred("Squeeze 1x3x1x5"), "3x5");
  EXPECT_EQ(inferred("Squeeze 1x3x1x5 axes=0,2"), "3x5");
  EXPECT_EQ(inferred("Squeeze [7] [0]"), "[7]@scalar");
  EXPECT_THROW(parse_layer("Squeeze 1x3 [1]"), Error);
  EXPECT_THROW(parse_layer("Squeeze 1x3 [2]"), Error);
}

TEST(Unsqueeze, CountsNegativeAxesInTheOutput) {
  EXPECT_EQ(inferred("Unsqueeze 3x4 [0,3]"), "1x3x4x1");
  EXPECT_EQ(inferred("Unsqueeze 3x4 [-1]"), "3x4x1");
  EXPECT_EQ(inferred("Unsqueeze 3x4 [-1,-4]"), "1x3x4x1");
  EXPECT_EQ(inferred("Unsqueeze [9]@scalar axes=0,"), "[9]");
  EXPECT_THROW(parse_layer("Unsqueeze 3x4 [0,4]"), Error);
  EXPECT_THROW(parse_layer("Unsqueeze 3x4 [0,0]"), Error);
}

TEST(Shape, TakesStartAndEnd) {
  EXPECT_EQ(inferred("Shape 2x3x4"), "[2,3,4]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=1"), "[3,4]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=-1"), "[4]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=1 end=2"), "[3]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=1 end=-1"), "[3]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=-9 end=9"), "[2,3,4]");
  EXPECT_EQ(inferred("Shape 2x3x4 start=2 end=1"), "[]");
  EXPECT_EQ(inferred("Shape scalar"), "[]");
  EXPECT_EQ(inferred("Size 2x3x4"), "[24]@scalar");
}

TEST(Flatten, SplitsAtTheAxis) {
  EXPECT_EQ(inferred("Flatten 2x3x4x5"), "2x60");
  EXPECT_EQ(inferred("Flatten 2x3x4x5 axis=0"), "1x120");
  EXPECT_EQ(inferred("Flatten 2x3x4x5 axis=4"), "120x1");
  EXPECT_EQ(inferred("Flatten 2x3x4x5 axis=-1"), "24x5");
  EXPECT_EQ(inferred("Flatten scalar axis=0"), "1x1");
  EXPECT_THROW(parse_layer("Flatten 2x3 axis=3"), Error);
}

TEST(Views, MoveNothing) {
  const Cost c = cost(parse_layer("Reshape 1x128x768 [0,-1,12,64]"));
  EXPECT_EQ(c.input_bytes + c.output_bytes + c.weight_bytes, 0);
  EXPECT_EQ(c.output_elements, 128 * 768);
  EXPECT_EQ(c.parameters, 0);
}

}  // namespace
}  // namespace wattlayer
