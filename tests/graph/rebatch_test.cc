#include "wattlayer/graph/rebatch.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

Shape moved(const Shape& source, BatchFactor factor, const Shape& target, int64_t from = 1, int64_t to = 4) {
  const auto result = move_factor(source, factor, target, from, to);
  return result ? result->shape : Shape{};
}

TEST(MoveFactor, KeepsItsPlaceInRowMajorOrder) {
  EXPECT_EQ(moved({1, 128, 768}, {0, 1}, {1, 128, 12, 64}), (Shape{4, 128, 12, 64}));
  EXPECT_EQ(moved({1, 56, 56, 96}, {0, 1}, {1, 8, 7, 8, 7, 96}), (Shape{4, 8, 7, 8, 7, 96}));
  EXPECT_EQ(moved({1, 8, 8, 7, 7, 96}, {0, 1}, {64, 49, 96}), (Shape{256, 49, 96}));
  EXPECT_EQ(moved({64, 49, 96}, {0, 64}, {1, 8, 8, 7, 7, 96}), (Shape{4, 8, 8, 7, 7, 96}));
  EXPECT_EQ(moved({1, 2048, 1, 1}, {0, 1}, {1, 2048}), (Shape{4, 2048}));
}

TEST(MoveFactor, HeadsTakeTheBatchOutsideAndStepsInside) {
  EXPECT_EQ(moved({197, 1, 768}, {1, 1}, {197, 12, 64}), (Shape{197, 48, 64}));
  EXPECT_EQ(moved({197, 1, 768}, {1, 1}, {197, 768}), (Shape{788, 768}));
  EXPECT_EQ(moved({197, 12, 64}, {1, 12}, {197, 768}), (Shape{788, 768}));
}

TEST(MoveFactor, FileMayHaveABatchOfItsOwn) {
  EXPECT_EQ(moved({2, 49, 96}, {0, 1}, {98, 96}, 2, 6), (Shape{294, 96}));
  EXPECT_EQ(moved({8, 64, 96}, {0, 4}, {2, 4, 64, 96}, 2, 6), (Shape{6, 4, 64, 96}));
}

TEST(MoveFactor, RefusesWhatItCannotFollow) {
  EXPECT_FALSE(move_factor({6, 4}, {0, 3}, {3, 8}, 2, 4));  // the factor would straddle dimensions
  EXPECT_FALSE(move_factor({1, 4}, {BatchFactor::unclear, 1}, {4}, 1, 2));
  EXPECT_FALSE(move_factor({1, 4}, {0, 1}, {1, 5}, 1, 2));
  EXPECT_FALSE(move_factor({1, 0, 4}, {0, 1}, {0, 4}, 1, 2));
}

}  // namespace
}  // namespace wattlayer
