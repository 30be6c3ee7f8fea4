#include "wattlayer/fit/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/evaluation.h"

namespace wattlayer {
namespace {

Samples counted(size_t n) {
  Samples samples;
  for (size_t i = 0; i < n; ++i) samples.features.push_back({static_cast<double>(i)}), samples.targets.push_back(100.0 + 7 * i);
  return samples;
}

TEST(Draw, TakesSharesOfThePapersOrder) {
  const Draw parts = draw(counted(976), paper_seed);
  EXPECT_EQ(parts.train.size(), 683u);  // as the authors' notebook prints
  EXPECT_EQ(parts.validation.size(), 195u);
  EXPECT_EQ(parts.test.size(), 98u);
  EXPECT_EQ(parts.train.features[0][0], static_cast<double>(drawn_order(976, paper_seed)[0]));
  std::set<double> all;
  for (const Samples* part : {&parts.train, &parts.validation, &parts.test})
    for (const auto& x : part->features) all.insert(x[0]);
  EXPECT_EQ(all.size(), 976u);
}

TEST(Draw, ScalesTargetsByTheTrainingRows) {
  const Draw parts = draw(counted(50), 3);
  const auto [least, most] = std::minmax_element(parts.train.targets.begin(), parts.train.targets.end());
  EXPECT_DOUBLE_EQ(*least, 0);
  EXPECT_DOUBLE_EQ(*most, 1);
  EXPECT_NEAR(parts.test.targets[0] - parts.test.targets[1],
              (parts.test.features[0][0] - parts.test.features[1][0]) /
                  ((*std::max_element(parts.train.features.begin(), parts.train.features.end()))[0] -
                   (*std::min_element(parts.train.features.begin(), parts.train.features.end()))[0]),
              1e-12);
}

TEST(Draw, RefusesTooFewOrEqualRows) {
  EXPECT_THROW(draw(counted(19), 1), Error);
  Samples same = counted(30);
  std::fill(same.targets.begin(), same.targets.end(), 5);
  EXPECT_THROW(draw(same, 1), Error);
}

}  // namespace
}  // namespace wattlayer
