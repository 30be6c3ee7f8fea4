#include "wattlayer/fit/boosting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

#define REQUIRE_LIBRARY(library)                \
  const auto library = BoostingLibrary::load(); \
  if (!library) GTEST_SKIP() << "no " << BoostingLibrary::habitual << "; install libxgboost0"

/// A bumpy function of the first two of four inputs.
BoostingRows bumpy(size_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-3, 3);
  BoostingRows out{.columns = 4};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < 4; ++j) out.inputs.push_back(uniform(random));
    const float x = out.inputs[4 * i], y = out.inputs[4 * i + 1];
    out.targets.push_back(std::sin(2 * x) + (y > 1 ? x : 0.5f * y));
  }
  return out;
}

std::span<const float> row(const BoostingRows& rows, size_t i) {
  return std::span(rows.inputs).subspan(i * rows.columns, rows.columns);
}

TEST(Boosting, OwnEvaluationEqualsXgboosts) {
  REQUIRE_LIBRARY(library);
  for (const bool absolute : {false, true}) {
    const BoostingRows rows = bumpy(3000, 1), others = bumpy(5000, 2);
    Booster booster(library, rows, {.row_share = 0.8, .column_share = 0.5, .absolute = absolute});
    for (int i = 0; i < 120; ++i) booster.add_tree();
    const BoostedTrees trees = booster.trees();
    EXPECT_EQ(trees.trees(), 120u);
    const std::vector<float> theirs = booster.predict(others);
    ASSERT_EQ(theirs.size(), others.size());
    for (size_t i = 0; i < others.size(); ++i) ASSERT_NEAR(trees(row(others, i)), theirs[i], 1e-6) << "row " << i;
  }
}

TEST(Boosting, RoundingLosesNothingThatMatters) {
  REQUIRE_LIBRARY(library);
  const BoostingRows rows = bumpy(3000, 1);
  const BoostedTrees trees = fit_trees(library, rows, {}, 200);
  BoostedTrees rounded = trees;
  rounded.round_leaves();
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_NEAR(rounded(row(rows, i)), trees(row(rows, i)), 1e-3);
}

TEST(Boosting, LearnsAndRepeatsItself) {
  REQUIRE_LIBRARY(library);
  const BoostingRows rows = bumpy(3000, 1), others = bumpy(1000, 2);
  const BoostingOptions options{.row_share = 0.7, .seed = 3};
  const BoostedTrees once = fit_trees(library, rows, options, 100), again = fit_trees(library, rows, options, 100);
  constexpr std::string_view names[] = {"a", "b", "c", "d"};
  EXPECT_EQ(once.print(names), again.print(names));
  double squares = 0;
  for (size_t i = 0; i < others.size(); ++i) squares += std::pow(once(row(others, i)) - others.targets[i], 2);
  EXPECT_LT(std::sqrt(squares / static_cast<double>(others.size())), 0.25);
}

/// One row in ten is 100 too high: least squares follow these, least absolute errors hardly.
TEST(Boosting, LeastAbsoluteErrorsHeedOutliersLess) {
  REQUIRE_LIBRARY(library);
  BoostingRows rows = bumpy(3000, 1);
  const BoostingRows others = bumpy(1000, 2);
  for (size_t i = 0; i < rows.size(); i += 10) rows.targets[i] += 100;
  const auto mean_error = [&](bool absolute) {
    const BoostedTrees trees = fit_trees(library, rows, {.absolute = absolute}, 100);
    double sum = 0;
    for (size_t i = 0; i < others.size(); ++i) sum += std::abs(trees(row(others, i)) - others.targets[i]);
    return sum / static_cast<double>(others.size());
  };
  EXPECT_LT(mean_error(true), mean_error(false) / 2);
}

TEST(Boosting, KeepsMonotoneInputsMonotone) {
  REQUIRE_LIBRARY(library);
  const BoostingRows rows = bumpy(3000, 1);
  const BoostedTrees trees = fit_trees(library, rows, {.monotone = {1, 0, 0, 0}}, 60);
  std::vector<float> x = {0, 0.3f, 0, 0};
  double last = -INFINITY;
  for (x[0] = -3; x[0] < 3; x[0] += 0.01f) {
    EXPECT_GE(trees(x), last - 1e-9);
    last = trees(x);
  }
}

TEST(Boosting, SaysInXgboostsWordsWhatIsWrong) {
  REQUIRE_LIBRARY(library);
  const BoostingRows rows = bumpy(100, 1);
  try {
    fit_trees(library, rows, {.learning_rate = -1}, 1);
    FAIL() << "a negative learning rate was taken";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("XGBoost: "), std::string::npos);
  }
}

TEST(Boosting, AnAbsentLibraryIsNull) { EXPECT_EQ(BoostingLibrary::load("libno-such-thing.so.0"), nullptr); }

}  // namespace
}  // namespace wattlayer
