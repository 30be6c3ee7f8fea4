#include "wattlayer/graph/rebatch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

Graph at_batch(const std::string& file, int64_t batch) {
  ImportOptions options;
  options.batch = batch;
  return read_onnx(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data/batch" / file, options);
}

std::map<std::string, double> macs_by_node(const Graph& graph) {
  std::map<std::string, double> macs;
  for (const Node& node : graph.nodes)
    if (const double m = node.folded ? 0 : cost(node.layer).macs; m > 0) macs[node.name] += m;
  return macs;
}

/// tools/make_batch_networks.py exported each network at both batches.
TEST(Rebatch, EqualsAFreshExportNodeByNode) {
  for (const char* name : {"vit", "windows", "shuffle", "queries", "lstm"}) {
    const std::string one = std::string(name) + "_batch1.onnx", four = std::string(name) + "_batch4.onnx";
    EXPECT_EQ(macs_by_node(at_batch(one, 4)), macs_by_node(at_batch(four, 4))) << name;
    EXPECT_EQ(macs_by_node(at_batch(four, 1)), macs_by_node(at_batch(one, 1))) << name;
    EXPECT_FALSE(macs_by_node(at_batch(one, 1)).empty()) << name;
  }
}

TEST(Rebatch, SaysHowManyConstantsItRewrote) {
  const Graph graph = at_batch("windows_batch1.onnx", 8);
  ASSERT_EQ(graph.remarks.size(), 1u);
  EXPECT_NE(graph.remarks[0].find("written for batch 1 were rewritten for batch 8"), std::string::npos) << graph.remarks[0];
  EXPECT_EQ(graph.batch, 8);
}

TEST(Rebatch, RefusesABatchOfZero) { EXPECT_THROW(at_batch("windows_batch1.onnx", 0), Error); }

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
