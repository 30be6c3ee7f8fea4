#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Transpose, ReversesWithoutPerm) {
  EXPECT_EQ(inferred("Transpose 2x3x4"), "4x3x2");
  EXPECT_EQ(print(parse_layer("Transpose 2x3x4")), "Transpose 2x3x4 perm=2,1,0 dtype=f32");
  EXPECT_EQ(inferred("Transpose [1,2,3,4,5,6]@2x3 perm=1,0"), "[1,4,2,5,3,6]@3x2");
  EXPECT_THROW(parse_layer("Transpose 2x3 perm=0,0"), Error);
  EXPECT_THROW(parse_layer("Transpose 2x3 perm=0,2"), Error);
  EXPECT_THROW(parse_layer("Transpose 2x3 perm=0,"), Error);
}

TEST(Concat, JoinsValues) {
  EXPECT_EQ(inferred("Concat [1] [128,-1] axis=0"), "[1,128,-1]");
  EXPECT_EQ(inferred("Concat [1,2]@2x1 [3,4,5,6]@2x2 axis=1"), "[1,3,4,2,5,6]@2x3");
  EXPECT_EQ(inferred("Concat i64:1 [2] axis=-1"), "2");
  EXPECT_EQ(inferred("Concat 25x1x512 100x1x512 [] axis=0"), "125x1x512");
  EXPECT_EQ(inferred("Concat i64:[] [7] axis=0"), "[7]");
  EXPECT_THROW(parse_layer("Concat 2x3 2x4 axis=0"), Error);
  EXPECT_THROW(parse_layer("Concat 4611686018427387904 4611686018427387904 axis=0"), Error);
}

TEST(Split, EqualPiecesUnlessGiven) {
  EXPECT_EQ(inferred("Split 7x2 outputs=1,1,1,1", 3), "1x2");
  EXPECT_EQ(inferred("Split 7x2 outputs=1,1,1,1", 0), "2x2");
  EXPECT_EQ(inferred("Split 7x2 num_outputs=4 outputs=1,1,1,1", 3), "1x2");
  EXPECT_EQ(inferred("Split [1,2,3,4,5] [2,3] outputs=1,1", 1), "[3,4,5]");
  EXPECT_EQ(inferred("Split 2x6 split=2,4 axis=1 outputs=1,1", 1), "2x4");
  EXPECT_THROW(parse_layer("Split 2x6 [2,5] axis=1 outputs=1,1"), Error);
  EXPECT_THROW(parse_layer("Split 2x6 [6] axis=1 outputs=1,1"), Error);
}

TEST(Slice, ClampsAsTheSpecificationSays) {
  EXPECT_EQ(inferred("Slice 20x10x5 [0,0] [3,10] [0,1] [1,1]"), "3x10x5");
  EXPECT_EQ(inferred("Slice 20x10x5 [0] [-1] [1] [1]"), "20x9x5");
  EXPECT_EQ(inferred("Slice 20x10x5 [1000] [1000] [1] [1]"), "20x0x5");
  EXPECT_EQ(inferred("Slice 20x10x5 [1] [1000] [1] [1]"), "20x9x5");
  EXPECT_EQ(inferred("Slice 20x10x5 [20,10,4] [0,0,1] [0,1,2] [-1,-3,-2]"), "19x3x2");
  EXPECT_EQ(inferred("Slice [0,1,2,3,4] [-1] [-9223372036854775808] [0] [-1]"), "[4,3,2,1,0]");
  EXPECT_EQ(inferred("Slice [0,1,2,3,4] [1] [9223372036854775807] [0] [2]"), "[1,3]");
  EXPECT_EQ(inferred("Slice [0,1,2,3,4] [0] [9223372036854775807] [0] [9223372036854775807]"), "[0]");
  EXPECT_EQ(inferred("Slice [0,1,2,3,4] [4] [-9223372036854775808] [0] [-9223372036854775808]"), "[4]");
  EXPECT_EQ(inferred("Slice [0,1,2,3,4] starts=1, ends=3,"), "[1,2]");
  EXPECT_EQ(inferred("Slice 20x10 i64:1 i64:1"), "~20x10");
  EXPECT_THROW(parse_layer("Slice 20x10 [0] [1] [0] [0]"), Error);
  EXPECT_THROW(parse_layer("Slice 20x10 [0,0] [1]"), Error);
  EXPECT_THROW(parse_layer("Slice 20x10 [0] [1] [2]"), Error);
}

TEST(Slice, ReadsOnlyWhatItKeeps) {
  const Cost c = cost(parse_layer("Slice 1x197x768 [0] [1] [1]"));
  EXPECT_EQ(c.input_bytes, 768 * 4);
  EXPECT_EQ(c.output_bytes, 768 * 4);
}

TEST(Expand, BroadcastsBothWays) {
  EXPECT_EQ(inferred("Expand 3x1 [2,1,6]"), "2x3x6");
  EXPECT_EQ(inferred("Expand 3x4 [1,1]"), "3x4");
  EXPECT_EQ(inferred("Expand [1,2]@2x1 [2,2]"), "[1,1,2,2]@2x2");
  EXPECT_EQ(inferred("Expand 3x1 i64:2"), "?");
  EXPECT_THROW(parse_layer("Expand 3x2 [3,3]"), Error);
}

TEST(Tile, Repeats) {
  EXPECT_EQ(inferred("Tile [0,1,2,3]@2x2 [2,2]"), "[0,1,0,1,2,3,2,3,0,1,0,1,2,3,2,3]@4x4");
  EXPECT_EQ(inferred("Tile 2x3 [0,2]"), "0x6");
  EXPECT_THROW(parse_layer("Tile 2x3 [2]"), Error);
}

}  // namespace
}  // namespace wattlayer
