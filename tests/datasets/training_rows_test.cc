#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

Json description() {
  return Json::parse(R"({"schema": 1, "title": "t", "source": "s", "licence": "l", "hardware": "a40", "engine": "pytorch",
    "scope": "gpu-board", "meter": "nvml", "tables": [{"files": ["rows.csv"], "kind": "training-step",
    "derive": [{"names": ["widths"], "from": "{shape}", "without": "[], "}],
    "network": "mlp_{widths}", "row": "{line}", "batch": "{batch}", "energy_j": "{joules}", "time_s": "{seconds}",
    "training": {"optimizer": "{optimizer}", "samples": "{samples}", "validation_samples": "{validation}", "epochs": "{epochs}"},
    "rows": [{}]}]})");
}

ImportedRows imported(const std::string& rows, const Json& json = description()) {
  TemporaryFolder folder;
  write_text_file(folder / "rows.csv", "shape,batch,optimizer,samples,validation,epochs,joules,seconds\n" + rows);
  return import_dataset(parse_dataset(json.dump(), "d"), folder.path(), DataFiles());
}

double macs(const Measurement& m) {
  double sum = 0;
  for (const WorkloadItem& item : m.workload.items) sum += item.count * cost(item.layer).macs;
  return sum;
}

TEST(TrainingRows, AreTheMeanPassOfTheirEpochs) {
  const ImportedRows rows = imported("784_[10]_10,10,sgd,100,50,4,1200,6\n");
  ASSERT_EQ(rows.measurements.size(), 1u) << rows.refused[0].reason;
  const Measurement& m = rows.measurements[0];
  EXPECT_TRUE(m.workload.is_network);
  EXPECT_EQ(m.workload.batch, 10);
  const double passes = 4 * (100 + 50) / 10.;
  EXPECT_EQ(m.conditions.at("passes"), "60");
  EXPECT_DOUBLE_EQ(*m.energy_j, 1200 / passes);
  EXPECT_DOUBLE_EQ(*m.time_s, 6 / passes);
  // 784-10-10: forward in every pass, gradients of the weights and of the middle layer in steps, two thirds of the passes.
  const double first = 10 * 784 * 10, second = 10 * 10 * 10;
  EXPECT_NEAR(macs(m), first + second + 2 / 3. * (first + 2 * second), 1e-6);
}

TEST(TrainingRows, BadOnesAreRefusedWithTheirLine) {
  const ImportedRows rows = imported(
      "784_10,10,adadelta,100,50,1,1200,6\n"
      "784_10,10,sgd,0,50,1,1200,6\n"
      "784_10,10,sgd,100,50,1.5,1200,6\n"
      "784_10,10,sgd,100,,1,1200,6\n");
  EXPECT_TRUE(rows.measurements.empty());
  ASSERT_EQ(rows.refused.size(), 4u);
  EXPECT_NE(rows.refused[0].reason.find("adadelta"), std::string::npos) << rows.refused[0].reason;
}

TEST(TrainingRows, DescriptionsSayHowTheNetworkWasTrained) {
  Json without = description();
  without["tables"][0].erase("training");
  EXPECT_THROW(parse_dataset(without.dump(), "d"), Error);
  Json other_kind = description();
  other_kind["tables"][0]["kind"] = "network";
  EXPECT_THROW(parse_dataset(other_kind.dump(), "d"), Error);
  Json kernels = description();
  kernels["tables"][0]["training"]["kernels"] = "each";
  EXPECT_EQ(imported("784_10,10,sgd,100,50,1,1200,6\n", kernels).refused.size(), 1u);
}

TEST(TrainingRows, OptimizersTensorByTensorKeepTheNamesOfManyTensors) {
  Json json = description();
  json["tables"][0]["training"]["kernels"] = "per_tensor";
  std::string shape = "784";
  for (int i = 0; i < 40; ++i) shape += "_16";
  const ImportedRows rows = imported(shape + ",10,adam,100,50,1,1200,6\n", json);
  ASSERT_EQ(rows.measurements.size(), 1u) << rows.refused[0].reason;
  double roots = 0;
  for (const WorkloadItem& item : rows.measurements[0].workload.items) roots += item.layer.op == "Sqrt" ? item.count : 0;
  EXPECT_NEAR(roots, 80 * 2 / 3., 1e-9);  // weights and biases of 40 layers, in two passes of three
}

}  // namespace
}  // namespace wattlayer
