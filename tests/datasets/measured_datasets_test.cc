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
  EXPECT_EQ(dropped, 13u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware + " " + m.kind; }),
            (std::map<std::string, size_t>{{"willowec-broadwell-ep random-layer", 2995},
                                           {"willowec-broadwell-ep training-step", 2000},
                                           {"willowec-raptorlake random-layer", 2993},
                                           {"willowec-raptorlake training-step", 1999}}));
  const Measurement* m = find("broadwell-ep/Conv 1907x12x18x18 23x12x4x4 23 strides=3,3 dtype=f32");
  ASSERT_TRUE(m);
  EXPECT_DOUBLE_EQ(*m->energy_j, 0.39664516);
  EXPECT_DOUBLE_EQ(*m->time_s, 0.01766669994);
  // The backward pass of the same layer: gradients of weights and bias, none of the input; loss and optimizer around it.
  const auto back = std::find_if(rows.measurements.begin(), rows.measurements.end(),
                                 [&](const Measurement& b) { return b.row == m->row && b.kind == "training-step"; });
  ASSERT_NE(back, rows.measurements.end());
  EXPECT_DOUBLE_EQ(*back->energy_j, 0.44298714);
  EXPECT_EQ(back->block, m->block);
  double macs = 0;
  for (const WorkloadItem& item : back->workload.items) macs += item.count * cost(item.layer).macs;
  EXPECT_DOUBLE_EQ(macs, cost(m->workload.items[0].layer).macs);
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
  EXPECT_EQ(kinds.at("gpu-board network"), 289u);
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  const Measurement* query = find("device_1/bert-base-uncased/b8/s32/encoder.layer.0.attention.self.query:Linear");
  ASSERT_TRUE(query);
  EXPECT_EQ(print(query->workload.items[0].layer), "Gemm 256x768 768x768 768 transB=1 dtype=f32");
  const Measurement* narrow = find("device_1/tiny-ctrl/b8/s32/h.0.ffn.0:Linear");
  ASSERT_TRUE(narrow);
  EXPECT_DOUBLE_EQ(2 * cost(narrow->workload.items[0].layer).macs + 512, 16896);  // flops of the file, a bias counted as one
}

TEST_F(MeasuredDataset, Energaizer) {
  read("energaizer");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(rows.measurements.size(), 420u);
  EXPECT_EQ(dropped, 13u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware + (m.conditions.contains("sweep") ? " sweep" : ""); }),
            (std::map<std::string, size_t>{{"a10", 72}, {"a100-sxm", 100}, {"a100-sxm sweep", 207}, {"h100-sxm", 41}}));
  const Measurement* m = find("a100-sxm/vitmodel_large_pbf16_b64_freq900_iter254.csv");
  ASSERT_TRUE(m);
  EXPECT_DOUBLE_EQ(*m->energy_j, 21.59648846268091);
  EXPECT_DOUBLE_EQ(*m->time_s, 0.12521218221018634);
  EXPECT_EQ(m->workload.batch, 64);
  EXPECT_EQ(m->block, "vit");
  EXPECT_EQ(m->dtype, DataType::bf16);
  EXPECT_EQ(m->conditions.at("task"), "vision");
  EXPECT_EQ(m->conditions.at("clock_mhz"), "900");
  for (const WorkloadItem& item : m->workload.items) EXPECT_NE(item.layer.dtype, DataType::f32) << print(item.layer);
}

TEST_F(MeasuredDataset, HwNasBench360) {
  read("hwnasbench360");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(dropped, 19398u);
  EXPECT_EQ(count([](const Measurement& m) { return m.engine; }),
            (std::map<std::string, size_t>{{"litert", 15585}, {"onnxruntime", 15585}}));
  // The same cell: ONNX Runtime runs every convolution that LiteRT runs, and those of branches that end in nothing.
  std::map<std::string, double> macs;
  for (const Measurement& m : rows.measurements) {
    double& sum = macs[m.row];
    for (const WorkloadItem& item : m.workload.items) sum += item.count * cost(item.layer).macs;
    EXPECT_FALSE(m.idle_included);
  }
  size_t fewer = 0;
  for (const auto& [row, count] : macs) {
    if (!row.starts_with("litert")) continue;
    const double whole = macs.at("onnx" + row.substr(6));
    EXPECT_LE(count, whole) << row;
    fewer += count < whole;
  }
  EXPECT_GT(fewer, 100u);
}

TEST_F(MeasuredDataset, HwGptBench) {
  read("hw-gpt-bench");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;  // each meets its published parameters
  EXPECT_EQ(rows.measurements.size(), 14287u);
  EXPECT_EQ(rows.not_drawn, 27503u);
  const auto devices = count([](const Measurement& m) { return m.hardware; });
  EXPECT_EQ(devices.size(), 7u);
  for (const auto& [device, n] : devices) EXPECT_EQ(n, 2041u) << device;
}

TEST_F(MeasuredDataset, MlperfMobileNetZoo) {
  read("mlperf-inference-power");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(rows.measurements.size(), 2300u);
  EXPECT_EQ(dropped, 164u);
  EXPECT_EQ(count([](const Measurement& m) { return m.block; }).size(), 4u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware; }),
            (std::map<std::string, size_t>{
                {"firefly-rk3588s", 564}, {"jetson-agx-orin", 916}, {"jetson-agx-xavier", 470}, {"raspberry-pi-4", 350}}));
  for (const Measurement& m : rows.measurements) EXPECT_EQ(!m.time_s, m.conditions.at("round") == "v4.0") << m.row;
}

TEST_F(MeasuredDataset, GaissaPre) {
  read("gaissa-pre");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(rows.measurements.size(), 857u);
  EXPECT_EQ(count([](const Measurement& m) { return m.block; }).size(), 45u);
  const Measurement& m = rows.measurements[0];  // VGG16 on the RTX 3090: 13.407282 kJ an epoch at 334.536022 W
  const double passes = (23807 + 10203) / 32.0;
  EXPECT_EQ(m.hardware, "rtx-3090");
  EXPECT_DOUBLE_EQ(std::stod(m.conditions.at("passes")), passes);
  EXPECT_NEAR(*m.energy_j * passes, 13407.282, 1e-6);
  EXPECT_NEAR(*m.energy_j / *m.time_s, 334.536022, 1e-6);
  // Forward, gradients of inputs and of weights in steps, forward alone in validation.
  double macs = 0;
  for (const WorkloadItem& item : m.workload.items) macs += item.count * cost(item.layer).macs;
  EXPECT_NEAR(2e-9 * macs * passes / 10.02877, 3 * 23807. + 10203, 0.02 * 3 * 23807);
}

TEST_F(MeasuredDataset, ZeusEpochs) {
  read("zeus-nsdi23");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(rows.measurements.size(), 795u);
  EXPECT_EQ(dropped, 814u);
  EXPECT_EQ(count([](const Measurement& m) { return m.hardware; }),
            (std::map<std::string, size_t>{{"a40", 252}, {"p100", 114}, {"quadro-rtx-6000", 184}, {"v100", 245}}));
}

TEST_F(MeasuredDataset, EcNasCells) {
  read("ec-nas");
  if (IsSkipped()) return;
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;  // each meets its published parameters
  EXPECT_EQ(rows.measurements.size() + rows.not_drawn, 2805u + 4310u);
  for (const Measurement& m : rows.measurements) EXPECT_GT(*m.energy_j, 0) << m.row;
}

}  // namespace
}  // namespace wattlayer
