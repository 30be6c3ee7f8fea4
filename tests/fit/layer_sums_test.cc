#include "wattlayer/fit/layer_sums.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Measurement row(const std::string& name, const std::string& kind, double energy, const std::string& parent = "") {
  Measurement m{.hardware = "h", .engine = "e", .energy_j = energy, .dataset = "d", .row = name, .kind = kind, .parent = parent};
  return m;
}

TEST(LayerSums, JoinsLayersToTheirNetwork) {
  std::vector<Measurement> rows = {row("n", "network", 10), row("n/1", "real-layer", 3, "n"), row("n/2", "real-layer", 4, "n"),
                                   row("alone", "network", 5), row("r", "random-layer", 1)};
  rows.push_back(row("n/3", "real-layer", 100, "n"));
  rows.back().hardware = "other";
  const DecomposedNetworks found = decomposed_networks(rows);
  ASSERT_EQ(found.networks.size(), 1u);
  EXPECT_EQ(found.networks[0].network->row, "n");
  EXPECT_DOUBLE_EQ(found.networks[0].layer_sum_j(), 7);
  EXPECT_EQ(found.incomplete, 0u);
}

TEST(LayerSums, CountsALayerAsOftenAsTheNetworkRunsIt) {
  std::vector<Measurement> rows = {row("n", "network", 10), row("n/1", "real-layer", 3, "n"), row("n/2", "real-layer", 4, "n"),
                                   row("n/3", "real-layer", 1, "n")};
  const auto gemm = parse_layer("Gemm 2x8 16x8 16 transB=1"), back = parse_layer("Gemm 2x16 8x16 8 transB=1");
  rows[0].workload.items = {{gemm, 12}, {back, 12}, {parse_layer("Add 2x8 2x8"), 5}, {parse_layer("Relu 2x16"), 3}};
  rows[1].workload.items = {{gemm}};
  rows[2].workload.items = {{back}};                         // as many multiply-accumulates: the two share the 24
  rows[3].workload.items = {{parse_layer("Dropout 2x16")}};  // not in the workload: once
  const DecomposedNetwork found = decomposed_networks(rows).networks.at(0);
  EXPECT_DOUBLE_EQ(found.layer_sum_j(), 12 * 3 + 12 * 4 + 1);
  EXPECT_DOUBLE_EQ(found.covered, 24 / 32.0);
}

TEST(LayerSums, LeavesOutANetworkThatLostALayer) {
  std::vector<Measurement> rows = {row("n", "network", 10), row("n/1", "real-layer", 3, "n"), row("n/2", "real-layer", 4, "n")};
  rows[2].failure = "the runner died";
  EXPECT_TRUE(decomposed_networks(rows).networks.empty());
  EXPECT_EQ(decomposed_networks(rows).incomplete, 1u);
  EXPECT_TRUE(decomposed_networks({}).networks.empty());
}

TEST(OriginLine, LeastSquares) {
  const std::vector<double> x = {1, 2, 3}, y = {1.25, 2.5, 3.75}, off = {2, 2, 5};
  const OriginLine exact = origin_line(x, y);
  EXPECT_DOUBLE_EQ(exact.factor, 1.25);
  EXPECT_DOUBLE_EQ(*exact.r2, 1);
  EXPECT_DOUBLE_EQ(*exact.correlation, 1);
  const OriginLine line = origin_line(x, off);
  EXPECT_DOUBLE_EQ(line.factor, 21.0 / 14);
  EXPECT_DOUBLE_EQ(*line.r2, 1 - (0.25 + 1 + 0.25) / 6);
  EXPECT_DOUBLE_EQ(*line.correlation, 9.0 / 12);
  EXPECT_THROW(origin_line({}, {}), Error);
}

}  // namespace
}  // namespace wattlayer
