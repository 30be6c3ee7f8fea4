#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(GatherElements, FollowsTheSpecification) {
  EXPECT_EQ(inferred("GatherElements [1,2,3,4]@2x2 [0,0,1,0]@2x2 axis=1"), "[1,1,4,3]@2x2");
  EXPECT_EQ(inferred("GatherElements [1,2,3,4,5,6,7,8,9]@3x3 [1,2,0,2,0,0]@2x3 axis=0"), "[4,8,3,7,2,3]@2x3");
  EXPECT_EQ(inferred("GatherElements [1,2] [5]"), "1");
  EXPECT_THROW(parse_layer("GatherElements 2x2 i64:2"), Error);
}

TEST(GatherND, FollowsTheSpecification) {
  EXPECT_EQ(inferred("GatherND [0,1,2,3]@2x2 [0,0,1,1]@2x2"), "[0,3]");
  EXPECT_EQ(inferred("GatherND [0,1,2,3]@2x2 [1,0]@2x1"), "[2,3,0,1]@2x2");
  EXPECT_EQ(inferred("GatherND [0,1,2,3,4,5,6,7]@2x2x2 [1,0]@2x1 batch_dims=1"), "[2,3,4,5]@2x2");
  EXPECT_THROW(parse_layer("GatherND 2x2 i64:2x3"), Error);
  EXPECT_THROW(parse_layer("GatherND 2x2 i64:2x2 batch_dims=2"), Error);
}

TEST(ScatterElements, PutsAndCombines) {
  EXPECT_EQ(inferred("ScatterElements [1,2,3,4,5]@1x5 [1,3]@1x2 [11,21]@1x2 axis=1"), "[1,11,3,21,5]@1x5");
  EXPECT_EQ(inferred("ScatterElements [1,2,3,4,5]@1x5 [1,1]@1x2 [11,21]@1x2 axis=1 reduction=add"), "[1,34,3,4,5]@1x5");
  EXPECT_EQ(inferred("Scatter [1,2,3] [-1] [9]"), "[1,2,9]");
  EXPECT_EQ(inferred("ScatterElements [1,2,3] [7] [9]"), "3");
  EXPECT_THROW(parse_layer("ScatterElements 1x5 i64:1x2 1x3"), Error);
}

TEST(ScatterND, PutsSlices) {
  EXPECT_EQ(inferred("ScatterND [1,2,3,4,5,6,7,8] [4,3,1,7]@4x1 [9,10,11,12]"), "[1,11,3,10,9,6,7,12]");
  EXPECT_EQ(inferred("ScatterND [1,2,3,4]@2x2 [1]@1x1 [8,9]@1x2"), "[1,2,8,9]@2x2");
  EXPECT_EQ(inferred("ScatterND [1,2,3,4]@2x2 [1]@1x1 [8,9]@1x2 reduction=max"), "[1,2,8,9]@2x2");
  EXPECT_THROW(parse_layer("ScatterND 2x2 i64:1x1 1x3"), Error);
}

TEST(Scatter, MovesOnlyTheUpdatesInPlace) {
  const Cost copied = cost(parse_layer("ScatterND 8x128x64 i64:2x1 2x128x64"));
  const Cost in_place = cost(parse_layer("ScatterND 8x128x64 i64:2x1 2x128x64 inplace"));
  EXPECT_EQ(copied.output_bytes, (8 + 2) * 128 * 64 * 4);
  EXPECT_EQ(in_place.output_bytes, 2 * 128 * 64 * 4);
  EXPECT_EQ(in_place.input_bytes, 2 * 128 * 64 * 4 + 2 * 8);
}

}  // namespace
}  // namespace wattlayer
