#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(Sequence, StandsAsOneTensorWithItsLengthInFront) {
  EXPECT_EQ(inferred("SequenceConstruct 1x64 1x64 1x64"), "3x1x64");
  EXPECT_EQ(inferred("SequenceConstruct 1x64 5x64"), "~2x5x64");
  EXPECT_EQ(inferred("SequenceEmpty"), "0");
  EXPECT_EQ(inferred("SequenceInsert 0 1x64"), "1x1x64");
  EXPECT_EQ(inferred("SequenceInsert 2x1x64 3x64"), "~3x3x64");
  EXPECT_EQ(inferred("SequenceErase 2x1x64"), "1x1x64");
  EXPECT_EQ(inferred("SequenceAt 2x1x64 i64:scalar"), "1x64");
  EXPECT_EQ(inferred("SequenceAt 0 i64:scalar"), "?");
  EXPECT_EQ(inferred("SequenceLength 7x1x64"), "[7]@scalar");
  EXPECT_THROW(parse_layer("SequenceConstruct 1x64 64"), Error);
}

TEST(Sequence, SplitsAndJoins) {
  EXPECT_EQ(inferred("SplitToSequence 6x64 [2]@scalar"), "3x2x64");
  EXPECT_EQ(inferred("SplitToSequence 7x64 [2]@scalar"), "~4x2x64");
  EXPECT_EQ(inferred("SplitToSequence 6x64 [4,2]"), "~2x4x64");
  EXPECT_EQ(inferred("SplitToSequence 6x64 axis=1 keepdims=0"), "64x6");
  EXPECT_EQ(inferred("SplitToSequence [1,2,3,4]@2x2 [1]@scalar axis=1"), "[1,3,2,4]@2x2x1");
  EXPECT_EQ(inferred("ConcatFromSequence 3x2x64 axis=1"), "2x192");
  EXPECT_EQ(inferred("ConcatFromSequence 3x2x64 axis=-1 new_axis=1"), "2x64x3");
  EXPECT_THROW(parse_layer("SplitToSequence 6x64 [0]@scalar"), Error);
}

TEST(Sequence, EqualTensorsNeedNoPosition) {
  EXPECT_EQ(inferred("SequenceAt [5,5,5]@3x1 i64:scalar"), "[5]");
  EXPECT_EQ(inferred("SequenceAt [5,6,5]@3x1 i64:scalar"), "1");
  EXPECT_EQ(inferred("SequenceAt [5,6,7]@3x1 [-1]@scalar"), "[7]");
}

}  // namespace
}  // namespace wattlayer
