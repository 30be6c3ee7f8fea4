#include "wattlayer/fit/held_out_estimates.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "wattlayer/core/data_files.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// A network of two matrix products whose energy follows its arithmetic.
Measurement network(int block, int size) {
  const int width = 256 * (block + 1), rows = 64 * size;
  Measurement m;
  m.workload = {.name = fmt::format("mlp-{}-{}", block, size), .batch = rows, .is_network = true};
  m.workload.items.push_back({parse_layer(fmt::format("Gemm {}x{} {}x{} transB=1 dtype=f32", rows, width, width, width)), 4, {}});
  m.workload.items.push_back({parse_layer(fmt::format("Relu {}x{} dtype=f32", rows, width)), 4, {}});
  const double macs = 4.0 * rows * width * width;
  m.hardware = "xeon-gold-5120", m.engine = "pytorch", m.scope = "cpu-package";
  m.time_s = macs / 5e11 + 1e-4, m.energy_j = *m.time_s * 100;
  m.dataset = "made-up", m.row = m.workload.name, m.kind = "network", m.block = std::to_string(block);
  return m;
}

TEST(HeldOutEstimates, ComeFromModelsWithoutTheirBlock) {
  std::vector<Measurement> rows;
  for (int block = 0; block < 4; ++block)
    for (int size = 1; size <= 4; ++size) rows.push_back(network(block, size));
  Measurement training = network(0, 5);
  training.kind = "training-epoch", training.row = "epoch";
  rows.push_back(training);
  const Split split{.name = "blocks", .kind = Split::Kind::leave_block, .train = {"network"}};
  const Split devices{.name = "devices", .kind = Split::Kind::leave_hardware};
  std::set<std::string> left_out;
  const DataFiles files;
  const auto estimates =
      held_out_estimates(rows, std::vector{split, devices}, Catalogue(files), [&](const auto& target, const auto& unit) {
        EXPECT_EQ(target, "xeon-gold-5120/pytorch/f32");
        left_out.insert(unit);
        return true;
      });
  EXPECT_EQ(left_out.size(), 4u);
  ASSERT_EQ(estimates.size(), 16u);  // no training, no second time for devices left out
  std::map<size_t, std::set<std::string>> blocks_of_fit;
  for (const HeldOutEstimate& e : estimates) {
    EXPECT_EQ(e.row->kind, "network");
    EXPECT_LT(std::abs(std::log(*e.row->energy_j / e.estimate.energy_j.value)), std::log(2.0)) << e.row->row;
    EXPECT_EQ(e.estimate.layers.size(), 2u);
    blocks_of_fit[e.fit].insert(e.row->block);
  }
  EXPECT_EQ(blocks_of_fit.size(), 4u);
  for (const auto& [fit, blocks] : blocks_of_fit) EXPECT_EQ(blocks.size(), 1u);
}

TEST(HeldOutEstimates, EndWhenToldTo) {
  std::vector<Measurement> rows;
  for (int block = 0; block < 4; ++block)
    for (int size = 1; size <= 4; ++size) rows.push_back(network(block, size));
  const Split split{.name = "blocks", .kind = Split::Kind::leave_block};
  const DataFiles files;
  EXPECT_TRUE(
      held_out_estimates(rows, std::vector{split}, Catalogue(files), [](const auto&, const auto&) { return false; }).empty());
}

}  // namespace
}  // namespace wattlayer
