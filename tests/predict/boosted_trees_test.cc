#include "wattlayer/predict/boosted_trees.h"

#include <gtest/gtest.h>

#include <array>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Node = BoostedTrees::Node;
constexpr std::array<std::string_view, 3> names = {"m", "n", "k"};
constexpr uint32_t leaf = Node::leaf;

/// n < 2 ? (k < 0.1 ? -0.5 : 0.25) : 1, and a tree of one leaf.
BoostedTrees example() {
  BoostedTrees trees;
  trees.set_base(10);
  trees.add_tree(std::vector<Node>{{2, 1, 4}, {0.1f, 2, 3}, {-0.5f, leaf}, {0.25f, leaf}, {1, leaf}});
  trees.add_tree(std::vector<Node>{{0.125f, leaf}});
  return trees;
}

double at(const BoostedTrees& trees, float m, float n, float k) { return trees(std::array<float, 3>{m, n, k}); }

TEST(BoostedTrees, AddsOneLeafOfEachTree) {
  const BoostedTrees trees = example();
  EXPECT_EQ(trees.trees(), 2u);
  EXPECT_FLOAT_EQ(static_cast<float>(at(trees, 0, 1, 0)), 10 - 0.5 + 0.125);
  EXPECT_FLOAT_EQ(static_cast<float>(at(trees, 0, 1, 5)), 10 + 0.25 + 0.125);
  EXPECT_FLOAT_EQ(static_cast<float>(at(trees, 0, 2, 0)), 10 + 1 + 0.125);  // a threshold itself is on the right
  EXPECT_FLOAT_EQ(static_cast<float>(at(trees, 0, 1, 0.1f)), 10 + 0.25 + 0.125);
}

TEST(BoostedTrees, FileHoldsThemAsRounded) {
  BoostedTrees trees = example();
  trees.round_leaves();
  const std::string text = trees.print(names);
  const BoostedTrees read = BoostedTrees::parse(text, names);
  EXPECT_EQ(read.print(names), text);
  for (float n : {0.f, 1.9999999f, 2.f})
    for (float k : {0.f, 0.1f, 0.11f}) EXPECT_EQ(at(read, 0, n, k), at(trees, 0, n, k));
  EXPECT_NEAR(at(read, 0, 1, 0), at(example(), 0, 1, 0), 2e-5);
}

TEST(BoostedTrees, NamesOfInputsDecideNotTheirPlaces) {
  const std::string text = example().print(names);
  constexpr std::array<std::string_view, 4> moved = {"k", "new", "n", "m"};
  const BoostedTrees read = BoostedTrees::parse(text, moved);
  EXPECT_NEAR(read(std::array<float, 4>{5, 0, 1, 0}), 10 + 0.25 + 0.125, 2e-5);
  constexpr std::array<std::string_view, 1> too_few = {"n"};
  EXPECT_THROW(BoostedTrees::parse(text, too_few), Error);
}

TEST(BoostedTrees, RefusesDamagedText) {
  const std::string good = example().print(names);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const size_t nodes = good.find("\"nodes\":\"") + 9;
  const auto refused = [](const std::string& text) {
    try {
      BoostedTrees::parse(text, names);
      return std::string();
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refused(good), "");
  EXPECT_NE(refused(good.substr(0, nodes) + "AAA\"}").find("incomplete"), std::string::npos);
  EXPECT_NE(refused(good.substr(0, nodes) + "AA\"}").find("three letters"), std::string::npos);
  EXPECT_NE(refused(good.substr(0, nodes) + "A!A\"}").find("no letter"), std::string::npos);
  EXPECT_NE(refused(good.substr(0, nodes) + "AAB\"}").find("lacks"), std::string::npos);
  EXPECT_NE(refused(with("\"0.1\"", "\"0.1 x\"")).find("no list of numbers"), std::string::npos);
  EXPECT_NE(refused(with("\"base\":10.0", "\"base\":null")).find("boosted trees"), std::string::npos);
  EXPECT_NE(refused("{").find("boosted trees"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += "AAA";
  EXPECT_NE(refused(good.substr(0, nodes) + deep + "\"}").find("deeper"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer
