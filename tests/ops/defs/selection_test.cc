#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(NonZero, IsExactWhereTheValueIsKnownAndABoundElsewhere) {
  EXPECT_EQ(inferred("NonZero [1,0,1,1]@2x2"), "[0,1,1,0,0,1]@2x3");
  EXPECT_EQ(inferred("NonZero bool:[0,0]"), "[]@1x0");
  EXPECT_EQ(inferred("NonZero bool:2x3"), "~2x6");
}

TEST(Compress, IsExactWhereTheConditionIsKnownAndABoundElsewhere) {
  EXPECT_EQ(inferred("Compress [1,2,3,4,5,6]@3x2 bool:[0,1,1] axis=0"), "[3,4,5,6]@2x2");
  EXPECT_EQ(inferred("Compress [1,2,3,4,5,6]@3x2 bool:[0,1] axis=1"), "[2,4,6]@3x1");
  EXPECT_EQ(inferred("Compress [1,2,3,4,5,6]@3x2 bool:[0,1,0,0,1]"), "[2,5]");
  EXPECT_EQ(inferred("Compress 3x2 bool:2 axis=0"), "~2x2");
}

TEST(TopK, PutsTheLowerIndexFirstAmongEqualElements) {
  EXPECT_EQ(inferred("TopK [3,9,9,1] [2] outputs=1,1"), "[9,9]");
  EXPECT_EQ(inferred("TopK [3,9,9,1] [2] outputs=1,1", 1), "[1,2]");
  EXPECT_EQ(inferred("TopK [3,9,9,1] [1] largest=0 outputs=1,1"), "[1]");
  EXPECT_EQ(inferred("TopK [3,9,9,1] k=3 outputs=1,1"), "[9,9,3]");
  EXPECT_EQ(inferred("TopK 4x100 i64:1 outputs=1,1"), "~4x100");
  EXPECT_THROW(parse_layer("TopK 4x100 [7] axis=0 outputs=1,1"), Error);
}

TEST(TopK, CountsComparisons) { EXPECT_EQ(cost(parse_layer("TopK 2x1000 [8] outputs=1,1")).flops, 2000 * 3); }

TEST(Unique, SortsUnlessToldOtherwise) {
  EXPECT_EQ(inferred("Unique [2,1,1,3,4,3] outputs=1,1,1,1"), "[1,2,3,4]");
  EXPECT_EQ(inferred("Unique [2,1,1,3,4,3] outputs=1,1,1,1", 1), "[1,0,3,4]");
  EXPECT_EQ(inferred("Unique [2,1,1,3,4,3] outputs=1,1,1,1", 2), "[1,0,0,2,3,2]");
  EXPECT_EQ(inferred("Unique [2,1,1,3,4,3] outputs=1,1,1,1", 3), "[2,1,2,1]");
  EXPECT_EQ(inferred("Unique [2,1,1,3,4,3] sorted=0"), "[2,1,3,4]");
  EXPECT_EQ(inferred("Unique i64:6 outputs=1,1,1", 2), "6");
  EXPECT_EQ(inferred("Unique i64:6"), "~6");
}

TEST(OneHot, WrapsNegativeIndices) {
  EXPECT_EQ(inferred("OneHot [1,-1,5] [3]@scalar [0,7]"), "[0,7,0,0,0,7,0,0,0]@3x3");
  EXPECT_EQ(inferred("OneHot [1,-1] [3]@scalar [0,1] axis=0"), "[0,0,1,0,0,1]@3x2");
  EXPECT_EQ(inferred("OneHot i64:4 i64:scalar [0,1]"), "?");
}

TEST(NonMaxSuppression, StandsAtItsBound) {
  EXPECT_EQ(inferred("NonMaxSuppression 1x1000x4 1x80x1000 [100]"), "~8000x3");
  EXPECT_EQ(inferred("NonMaxSuppression 1x50x4 1x80x50 [100]"), "~4000x3");
  EXPECT_EQ(inferred("NonMaxSuppression 2x50x4 2x80x50"), "~0x3");
  EXPECT_EQ(inferred("NonMaxSuppression 2x50x4 2x80x50 i64:1"), "~8000x3");
  EXPECT_THROW(parse_layer("NonMaxSuppression 1x50x5 1x80x50"), Error);
  EXPECT_THROW(parse_layer("NonMaxSuppression 1x50x4 1x80x51"), Error);
}

TEST(Bounds, ReachWhatDependsOnThem) {
  Layer layer = parse_layer("Gather 1000x4 i64:500");
  layer.inputs[1].bounded = true;
  infer(layer);
  EXPECT_TRUE(layer.output(0).bounded);
  layer = parse_layer("Add 500x4 1x4");
  layer.inputs[0].bounded = true;
  layer.inputs[1].shape = {80, 4};
  infer(layer);
  EXPECT_EQ(layer.output(0).shape, (Shape{80, 4}));
}

}  // namespace
}  // namespace wattlayer
