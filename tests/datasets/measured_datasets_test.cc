#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/shared_folder.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

/// Whole public data sets: counts, and single rows against the figures that stand in the files.
namespace wattlayer {
namespace {

class MeasuredDataset : public testing::Test {
 protected:
  /// The rows of a data set; the test is skipped where its files are absent.
  void read(const std::string& id) {
    const auto shared = shared_folder();
    if (!shared || !std::filesystem::exists(*shared / "data" / id)) GTEST_SKIP() << "needs data/" << id << " beside the project";
    const DataFiles files;
    rows = import_dataset(require_dataset(files, id), *shared / "data" / id, files);
    std::set<std::string> names;
    for (const Measurement& m : rows.measurements) {
      EXPECT_TRUE(names.insert(m.kind + m.row).second) << m.row;
      EXPECT_FALSE(m.block.empty()) << m.row;
    }
    for (const auto& [reason, count] : rows.dropped) dropped += count;
  }

  const Measurement* find(const std::string& row) const {
    for (const Measurement& m : rows.measurements)
      if (m.row == row) return &m;
    ADD_FAILURE() << "no row " << row;
    return nullptr;
  }

  std::map<std::string, size_t> count(const std::function<std::string(const Measurement&)>& key) const {
    std::map<std::string, size_t> counts;
    for (const Measurement& m : rows.measurements) ++counts[key(m)];
    return counts;
  }

  ImportedRows rows;
  size_t dropped = 0;
};

TEST_F(MeasuredDataset, Willowec) {
  read("willowec");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(dropped, 12u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware; }),
            (std::map<std::string, size_t>{{"willowec-broadwell-ep", 2995}, {"willowec-raptorlake", 2993}}));
  const Measurement* m = find("broadwell-ep/Conv 1907x12x18x18 23x12x4x4 23 strides=3,3 dtype=f32");
  ASSERT_TRUE(m);
  EXPECT_DOUBLE_EQ(*m->energy_j, 0.39664516);
  EXPECT_DOUBLE_EQ(*m->time_s, 0.01766669994);
}

TEST_F(MeasuredDataset, Aiconfigurator) {
  read("aiconfigurator");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(rows.measurements.size() + rows.not_drawn, 955'233u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware + "/" + m.engine; }).size(), 5u);
  for (const Measurement& m : rows.measurements) {
    EXPECT_TRUE(m.conditions.contains("power_limit_w")) << m.row;
    EXPECT_LT(*m.energy_j / *m.time_s, 1.25 * std::stod(m.conditions.at("power_limit_w"))) << m.row;
  }
}

TEST_F(MeasuredDataset, Irene) {
  read("irene");
  if (IsSkipped()) return;
  const auto kinds = count([](const Measurement& m) { return m.scope + " " + m.kind; });
  EXPECT_EQ(kinds.at("gpu-board real-layer"), 2407u);
  EXPECT_EQ(kinds.at("wall real-layer"), 2407u);
  const Measurement* query = find("device_1/bert-base-uncased/b8/s32/encoder.layer.0.attention.self.query:Linear");
  ASSERT_TRUE(query);
  EXPECT_EQ(print(query->workload.items[0].layer), "Gemm 256x768 768x768 768 transB=1 dtype=f32");
  const Measurement* narrow = find("device_1/tiny-ctrl/b8/s32/h.0.ffn.0:Linear");
  ASSERT_TRUE(narrow);
  EXPECT_DOUBLE_EQ(2 * cost(narrow->workload.items[0].layer).macs + 512, 16896);  // flops of the file, a bias counted as one
}

}  // namespace
}  // namespace wattlayer
