#include "wattlayer/datasets/import.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/shared_folder.h"
#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/store/store.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

std::map<std::string, size_t> kinds(const ImportedRows& rows) {
  std::map<std::string, size_t> count;
  for (const Measurement& m : rows.measurements) ++count[m.kind];
  return count;
}

TEST(EveryDataset, DescriptionIsReadAndNamesKnownFiles) {
  const DataFiles files;
  size_t seen = 0;
  for (const std::string& name : files.list("datasets")) {
    if (!name.ends_with(".json")) continue;
    const DatasetDescription d = require_dataset(files, name.substr(0, name.size() - 5));
    EXPECT_TRUE(d.engine.empty() || files.read("engines", d.engine + ".json")) << d.engine;
    EXPECT_TRUE(d.hardware.empty() || files.read("hardware", d.hardware + ".json")) << d.hardware;
    EXPECT_FALSE(d.splits.empty()) << name;
    ++seen;
  }
  EXPECT_GE(seen, 2u);
}

const std::string random_head =
    "module,batch_size,image_size,kernel_size,in_channels,out_channels,stride,padding,macs,J,s,forward_passes,input_size,output_"
    "size\n";

TEST(ImportGetzner, BadRowsAreRefusedWithTheirLine) {
  TemporaryFolder folder;
  write_text_file(folder / "tidy_random_layers.csv", random_head +
                                                         "relu,2,,,,,,,6.0,1.5,0.02,3,3.0,\n"
                                                         "relu,2,,,,,,,6.0,-1.5,0.02,3,3.0,\n"
                                                         "relu,2,,,,,,,6.0,,,3,3.0,\n"
                                                         "gelu,2,,,,,,,6.0,1.5,0.02,3,3.0,\n"
                                                         "relu,2,,,,,,,6.0,1.5,0.02,3,,\n"
                                                         "conv2d,2,4.0,9.0,3.0,8.0,1.0,0.0,6.0,1.5,0.02,3,,\n"
                                                         "relu,2.5,,,,,,,6.0,1.5,0.02,3,3.0,\n"
                                                         "relu,2\n");
  const DataFiles files;
  const ImportedRows rows = import_dataset(require_dataset(files, "getzner"), folder.path(), files);
  ASSERT_EQ(rows.measurements.size(), 1u);
  EXPECT_EQ(rows.measurements[0].row, "Relu 2x3 dtype=f32");
  ASSERT_EQ(rows.refused.size(), 7u);
  for (size_t i = 0; i < rows.refused.size(); ++i) {
    EXPECT_EQ(rows.refused[i].line, i + 3);
    EXPECT_EQ(rows.refused[i].file, "tidy_random_layers.csv");
  }
  EXPECT_NE(rows.refused[4].reason.find("kernel"), std::string::npos) << rows.refused[4].reason;
}

TEST(ImportGetzner, MissingFolderAndUnknownDataset) {
  const DataFiles files;
  EXPECT_THROW(import_dataset(require_dataset(files, "getzner"), "/no/such/folder", files), Error);
  EXPECT_THROW(require_dataset(files, "getzer"), Error);
}

TEST(ImportGetzner, OtherRowsOfTheSameFilesAreAccepted) {
  TemporaryFolder folder;
  write_text_file(folder / "tidy_random_layers.csv", random_head);
  write_text_file(folder / "tidy_arch_models.csv",
                  "architecture,batch_size,layer_idx,module,J,J_sd,n,s,macs,fwd,source\n"
                  "vgg16,3,0,VGG,6489.2,110.5,3,86.1,1,1.0,02\n"
                  "alexnet,255,0,AlexNet,6489.2,,,86.1,1,1.0,02\n");
  const DataFiles files;
  const ImportedRows rows = import_dataset(require_dataset(files, "getzner"), folder.path(), files);
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  ASSERT_EQ(rows.measurements.size(), 2u);
  EXPECT_EQ(rows.measurements[0].workload.batch, 3);
  EXPECT_EQ(rows.measurements[0].block, "vgg16");
}

TEST(ImportGetzner, WholeDataSet) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "data/getzner")) GTEST_SKIP() << "needs data/getzner beside the project";
  const DataFiles files;
  const ImportedRows rows = import_dataset(require_dataset(files, "getzner"), *shared / "data/getzner", files);
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  EXPECT_EQ(kinds(rows), (std::map<std::string, size_t>{
                             {"random-layer", 5414}, {"real-layer", 1778}, {"network", 62}, {"real-configuration", 197}}));
  ASSERT_EQ(rows.dropped.size(), 1u);
  EXPECT_EQ(rows.dropped.begin()->second, 1u);  // of 198 configuration rows

  std::map<std::string, const Measurement*> networks;
  for (const Measurement& m : rows.measurements)
    if (m.kind == "network") networks[m.row] = &m;
  std::map<std::string, double> layer_macs, network_macs;
  std::set<std::string> in_place;
  for (const Measurement& m : rows.measurements) {
    if (m.kind != "real-layer") continue;
    ASSERT_TRUE(networks.contains(m.parent)) << m.parent;
    layer_macs[m.parent] += cost(m.workload.items[0].layer).macs;
    if (m.workload.items[0].layer.in_place) in_place.insert(m.workload.items[0].layer.op);
  }
  EXPECT_EQ(in_place, std::set<std::string>{"Relu"});
  for (const auto& [row, m] : networks) {
    double macs = 0;
    for (const WorkloadItem& item : m->workload.items) {
      macs += item.count * cost(item.layer).macs;
      EXPECT_TRUE(item.layer.op != "Relu" || item.layer.in_place) << row;
    }
    EXPECT_EQ(macs, layer_macs[row]) << row;
  }

  TemporaryFolder folder;
  Store store(folder / "a.db");
  EXPECT_EQ(store.add(rows.measurements).added, 7451u);
  EXPECT_EQ(store.add(rows.measurements).present, 7451u);
}

TEST(ImportJetson, WholeDataSet) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "data/jetson-nano-icas"))
    GTEST_SKIP() << "needs data/jetson-nano-icas beside the project";
  const DataFiles files;
  const ImportedRows rows = import_dataset(require_dataset(files, "jetson-nano-icas"), *shared / "data/jetson-nano-icas", files);
  EXPECT_TRUE(rows.refused.empty()) << rows.refused[0].reason;
  size_t dropped = 0;
  for (const auto& [reason, count] : rows.dropped) dropped += count;
  EXPECT_EQ(dropped, 325u);
  EXPECT_EQ(rows.measurements.size(), 11045u - 325u);
  std::set<std::string> sets;
  for (const Measurement& m : rows.measurements) sets.insert(m.block);
  EXPECT_EQ(sets.size(), 8u);
}

const std::string jetson_head =
    "Model Name,Layers,Total Parameters,Total MACs,Avrg_POM_5V_IN,Total_POM_5V_IN,num_inferences,average_latency(ms),set\n";

TEST(ImportJetson, RealNetworksAndOtherSetsAreAccepted) {
  TemporaryFolder folder;
  write_text_file(folder / "models.csv",
                  jetson_head +
                      "convnet_L7_F64_K3x3_W40,7,1247370,1,6000,360000,3000,20.0,conv_layers_6_10\n"
                      "convnet_L7_F64_K3x3_W50,7,1,1,6000,360000,3000,20.0,conv_layers_6_10\n"
                      "convnet_L7_F64_K3x3_W50,7,1,1,6000,300000,3000,20.0,conv_layers_6_10\n"
                      "convnet_L7_F64_K3x3_W60,7,1,1,,,,,conv_layers_6_10\n"
                      "VGG16,16,,,16.0,360000,300,200.0,real_data\n"
                      "VGG19,,,,16.0,360000,300,200.0,real_data\nUNet,,,,16.0,360000,300,200.0,real_data\n"
                      "ResNet50,,,,16.0,360000,300,200.0,real_data\nXception,,,,16.0,360000,300,200.0,real_data\n"
                      "EfficientNet_v1,,,,16.0,360000,300,200.0,real_data\nEfficientNet_v2,,,,16.0,360000,300,200.0,real_data\n"
                      "MobileNetV2,,,,16.0,360000,300,200.0,real_data\nShuffleNet_v2,,,,16.0,360000,300,200.0,real_data\n");
  const DataFiles files;
  const ImportedRows rows = import_dataset(require_dataset(files, "jetson-nano-icas"), folder.path(), files);
  ASSERT_EQ(rows.measurements.size(), 10u) << (rows.refused.empty() ? "" : rows.refused.back().reason);
  EXPECT_EQ(rows.measurements[0].block, "conv_layers_6_10");
  EXPECT_DOUBLE_EQ(*rows.measurements[1].energy_j, 1.2);
  EXPECT_DOUBLE_EQ(*rows.measurements[1].time_s, 0.2);
  ASSERT_EQ(rows.refused.size(), 1u);
  EXPECT_EQ(rows.refused[0].line, 3u);  // its parameters are not those of the name
  size_t dropped = 0;
  for (const auto& [reason, count] : rows.dropped) dropped += count;
  EXPECT_EQ(dropped, 2u);
}

}  // namespace
}  // namespace wattlayer
