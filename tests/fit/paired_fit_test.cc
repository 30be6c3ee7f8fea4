#include "wattlayer/fit/paired_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace wattlayer {
namespace {

/// Networks of several blocks whose errors are one common part and one of their own.
std::vector<HeldOutNetwork> networks(const std::string& dataset, const std::string& target, double common, double own,
                                     size_t blocks = 12) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  const double shared_error = common * normal(random);
  std::vector<HeldOutNetwork> all;
  for (size_t block = 0; block < blocks; ++block)
    for (size_t i = 0; i < 8; ++i)
      all.push_back({.dataset = dataset,
                     .target = target,
                     .network = std::to_string(block) + "/" + std::to_string(i),
                     .block = std::to_string(block),
                     .log_error = shared_error + own * normal(random),
                     .half_width = 1.645 * std::hypot(common, own),
                     .energy_j = 1});
  return all;
}

const PairedErrors::Measured& of(const PairedErrors& errors, const std::string& target, Relation relation) {
  return errors.energy_models.at(target)[static_cast<size_t>(relation)].value();
}

TEST(PairedFit, FactorsTellHowMuchOfTheErrorIsShared) {
  const auto independent = held_out_pairs(networks("a", "dev/e/f32", 0, 0.1));
  const auto correlated = held_out_pairs(networks("a", "dev/e/f32", 0.1, 0.03));
  ASSERT_GT(independent.size(), 1000u);
  EXPECT_NEAR(of(fit_paired_errors(independent), "dev/e/f32", Relation::other_network).factor, 1, 0.15);
  // sqrt(1 - rho), rho = 0.1^2 / (0.1^2 + 0.03^2)
  EXPECT_NEAR(of(fit_paired_errors(correlated), "dev/e/f32", Relation::other_network).factor, 0.29, 0.06);
}

TEST(PairedFit, FewBlocksTellNothing) {
  EXPECT_TRUE(fit_paired_errors(held_out_pairs(networks("a", "dev/e/f32", 0.1, 0.03, 2))).energy_models.empty());
}

TEST(PairedFit, StrangersNarrowOnlyWhereThreeDataSetsAgree) {
  std::vector<HeldOutPair> pairs;
  const auto factor_after = [&](const char* dataset) {
    const auto own = held_out_pairs(networks(dataset, std::string(dataset) + "/e/f32", 0.1, 0.03));
    pairs.insert(pairs.end(), own.begin(), own.end());
    return fit_paired_errors(pairs).measured[static_cast<size_t>(Relation::other_network)].value().factor;
  };
  EXPECT_EQ(factor_after("a"), 1);
  EXPECT_EQ(factor_after("b"), 1);
  EXPECT_LT(factor_after("c"), 0.4);
}

TEST(PairedFit, PairsHoldWhatTheIntervalSees) {
  std::vector<HeldOutNetwork> two(2);
  two[0] = {.dataset = "a",
            .target = "d/e/f32",
            .network = "n",
            .block = "x",
            .batch = 1,
            .log_error = 0.1,
            .half_width = 0.3,
            .energy_j = 2,
            .layer_energies = {{1, 1.5}, {2, 0.5}}};
  two[1] = {.dataset = "a",
            .target = "d/e/f32",
            .network = "m",
            .block = "y",
            .batch = 1,
            .log_error = -0.1,
            .half_width = 0.4,
            .energy_j = 3,
            .layer_energies = {{1, 2.5}, {3, 0.5}}};
  const auto pairs = held_out_pairs(two);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].known.relation, Relation::other_network);
  EXPECT_NEAR(pairs[0].log_error, 0.2, 1e-12);
  EXPECT_NEAR(pairs[0].known.common_share, 0.5, 1e-12);
  EXPECT_NEAR(pairs[0].score(), 0.2 / (0.5 * left_by_common_layers(0.5)), 1e-12);
  two[1].target = "other/e/f32", two[1].network = "n";
  EXPECT_EQ(held_out_pairs(two).at(0).known.relation, Relation::other_energy_model);
  EXPECT_EQ(held_out_pairs(two).at(0).known.common_share, 0);
  two[1].target = "d/e/f32";  // the same work measured twice
  EXPECT_TRUE(held_out_pairs(two).empty());
}

TEST(PairedFit, CoverageOfLeftOutBlocksIsNearNinety) {
  const auto pairs = held_out_pairs(networks("a", "dev/e/f32", 0.1, 0.03));
  const auto coverage = paired_coverage(pairs);
  ASSERT_EQ(coverage.size(), 1u);
  ASSERT_TRUE(coverage[0].other_blocks);
  EXPECT_NEAR(*coverage[0].other_blocks, 90, 4);
  EXPECT_EQ(coverage[0].independent, 100);
  EXPECT_FALSE(coverage[0].other_data_sets);  // there is no other
  EXPECT_LT(coverage[0].width, 0.4);
}

}  // namespace
}  // namespace wattlayer
