#include <gtest/gtest.h>

#include "tests/ops/defs/inferred.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Elementwise, BroadcastsShapes) {
  EXPECT_EQ(inferred("Add 2x3x4x5 5"), "2x3x4x5");
  EXPECT_EQ(inferred("Mul 4x5 2x3x4x5"), "2x3x4x5");
  EXPECT_EQ(inferred("Add 1x4x5 2x3x1x1"), "2x3x4x5");
  EXPECT_EQ(inferred("Max 3 1x1 2x1x1"), "2x1x3");
  EXPECT_THROW(parse_layer("Add 2x3 4"), Error);
}

TEST(Elementwise, IntegerDivisionTruncatesTowardZero) {
  EXPECT_EQ(inferred("Div [7,-7,7,-7] [2,2,-2,-2]"), "[3,-3,-3,3]");
  EXPECT_EQ(inferred("Div [7] [0]"), "1");
  EXPECT_EQ(inferred("Div [-9223372036854775808] [-1]"), "1");
  EXPECT_EQ(inferred("Mod [7,-7,7,-7] [3,3,-3,-3]"), "[1,2,-2,-1]");
  EXPECT_EQ(inferred("Mod [7,-7,7,-7] [3,3,-3,-3] fmod=1"), "[1,-1,1,-1]");
  EXPECT_EQ(inferred("Mod [7] [0]"), "1");
  EXPECT_EQ(inferred("Mod [-9223372036854775808] [-1]"), "[0]");
}

TEST(Elementwise, OverflowStaysUnfolded) {
  EXPECT_EQ(inferred("Add [9223372036854775807] [1]"), "1");
  EXPECT_EQ(inferred("Mul [9223372036854775807] [2]"), "1");
  EXPECT_EQ(inferred("Neg [-9223372036854775808]"), "1");
  EXPECT_EQ(inferred("Pow [10] [30]"), "1");
  EXPECT_EQ(inferred("Pow [2] [62]"), "[4611686018427387904]");
  EXPECT_EQ(inferred("Add i32:[2147483647] i32:[1] dtype=i32"), "1");
}

TEST(Elementwise, RealsAreRoundedToTheirType) {
  EXPECT_EQ(inferred("Div [1.0] [3.0]"), "[0.3333333432674408]");
  EXPECT_EQ(inferred("Add f16:[2048.0] f16:[1.0] dtype=f16"), "[2048]");
  EXPECT_EQ(inferred("Floor [2.7]"), "[2]");
  EXPECT_EQ(inferred("Round [0.5,1.5,2.5]"), "[0,2,2]");
}

TEST(Cast, TruncatesAndKeepsWhatFits) {
  EXPECT_EQ(inferred("Cast [2.7,-2.7] to=i64"), "[2,-2]");
  EXPECT_EQ(inferred("Cast [3] to=f32"), "[3]");
  EXPECT_EQ(inferred("Cast [0,3] to=bool"), "[0,1]");
  EXPECT_EQ(inferred("Cast [1e30] to=i64"), "1");
  EXPECT_EQ(inferred("Cast [300] to=int8"), "1");
  EXPECT_EQ(inferred("Cast [9223372036854775807] to=7"), "[9223372036854775807]");
  EXPECT_THROW(parse_layer("Cast 1x2 to=999"), Error);
  EXPECT_THROW(parse_layer("Cast 1x2"), Error);
}

TEST(Where, ChoosesAndIgnoresWhatIsNotChosen) {
  EXPECT_EQ(inferred("Where bool:[1,0,1] [1,2,3] [4,5,6]"), "[1,5,3]");
  EXPECT_EQ(inferred("Where bool:[0,0] i64:2 [4,5]"), "[4,5]");
  EXPECT_EQ(inferred("Where bool:[1,1]@2x1 [1,2] i64:1"), "[1,2,1,2]@2x2");
  EXPECT_EQ(inferred("Equal [1,-1,3] [-1]"), "[0,1,0]");
  EXPECT_EQ(inferred("Not bool:[0,1]"), "[1,0]");
}

TEST(Gather, PicksRows) {
  EXPECT_EQ(inferred("Gather 5x4 i64:2x3"), "2x3x4");
  EXPECT_EQ(inferred("Gather [2,3,5,7] [-1]@scalar"), "[7]@scalar");
  EXPECT_EQ(inferred("Gather [1,2,3,4,5,6]@2x3 [2,0] axis=1"), "[3,1,6,4]@2x2");
  EXPECT_EQ(inferred("Gather [2,3] [2]"), "1");
  const Cost c = cost(parse_layer("Gather 30522x768 i64:1x128 const=0"));
  EXPECT_EQ(c.weight_bytes, 128 * 768 * 4);
  EXPECT_EQ(c.parameters, 30522.0 * 768);
  EXPECT_EQ(c.input_bytes, 128 * 8);
}

TEST(Gather, LeavesIndicesThatAreNoNumbersAlone) {
  EXPECT_EQ(inferred("Gather [1.0,2.0] f32:[nan,0.0]"), "2");
  EXPECT_EQ(inferred("Compress [1,2] f32:[nan,1.0]"), "~2");
}

TEST(Reduction, TakesAxesAsInputOrAttribute) {
  EXPECT_EQ(inferred("ReduceMean 1x512x7x7 axes=2,3 keepdims=0"), "1x512");
  EXPECT_EQ(inferred("ReduceMean 1x512x7x7 [-1,-2]"), "1x512x1x1");
  EXPECT_EQ(inferred("ReduceSum 2x3"), "1x1");
  EXPECT_EQ(inferred("ReduceSum 2x3 noop_with_empty_axes=1"), "2x3");
  EXPECT_EQ(inferred("ReduceProd [2,3,4] keepdims=0"), "[24]@scalar");
  EXPECT_EQ(inferred("ReduceMax [1,5,2,9,0,3]@2x3 [1]"), "[5,9]@2x1");
  EXPECT_EQ(inferred("ArgMax [1,5,5,9,0,3]@2x3 axis=1 keepdims=0"), "[1,0]");
  EXPECT_EQ(inferred("ArgMax [1,5,5,9,0,3]@2x3 axis=1 keepdims=0 select_last_index=1"), "[2,0]");
  EXPECT_EQ(inferred("CumSum [1,2,3] [0]@scalar"), "[1,3,6]");
  EXPECT_EQ(inferred("CumSum [1,2,3] [0]@scalar exclusive=1 reverse=1"), "[5,3,0]");
}

TEST(Creation, RangeAndConstants) {
  EXPECT_EQ(inferred("Range [10]@scalar [4]@scalar [-2]@scalar"), "[10,8,6]");
  EXPECT_EQ(inferred("Range [0.0]@scalar [1.0]@scalar [0.25]@scalar"), "[0,0.25,0.5,0.75]");
  EXPECT_EQ(inferred("Range [5]@scalar [0]@scalar [1]@scalar"), "[]");
  EXPECT_THROW(parse_layer("Range [0]@scalar [4]@scalar [0]@scalar"), Error);
  EXPECT_EQ(inferred("Range [-9223372036854775808]@scalar [-9223372036854775806]@scalar [1]@scalar"),
            "[-9223372036854775808,-9223372036854775807]");
  EXPECT_THROW(parse_layer("Range [-9223372036854775808]@scalar [9223372036854775807]@scalar [1]@scalar"), Error);
  EXPECT_EQ(inferred("ConstantOfShape [2] value=7,"), "[7,7]");
  EXPECT_EQ(inferred("ConstantOfShape [2,2]"), "[0,0,0,0]@2x2");
  EXPECT_EQ(inferred("ConstantOfShape [1000,1000]"), "1000x1000");
  EXPECT_EQ(inferred("ConstantOfShape i64:[]"), "[0]@scalar");
  EXPECT_EQ(inferred("Constant value=1,2,3,4 value_shape=2,2"), "[1,2,3,4]@2x2");
  EXPECT_EQ(inferred("Constant value=1, value_shape=, value_dtype=f32"), "[1]@scalar");
  EXPECT_EQ(inferred("Constant value_shape=1000,10 value_dtype=f16"), "1000x10");
  EXPECT_EQ(inferred("EyeLike 2x3 k=1 to=i64"), "[0,1,0,0,0,1]@2x3");
}

}  // namespace
}  // namespace wattlayer
