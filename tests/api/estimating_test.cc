#include "wattlayer/api/estimating.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wattlayer/api/targets.h"

namespace wattlayer {
namespace {

bool says(const EstimateReport& rows, std::string_view text) {
  return std::any_of(rows.remarks.begin(), rows.remarks.end(), [&](const std::string& r) { return r.find(text) != r.npos; });
}

TEST(Estimating, FloatsAreQuantisedForAnEnergyModelOfIntegers) {
  const DataFiles files;
  const NetworkSource source("net:mobilenet_v1?width=1,resolution=224");
  const Graph graph = source.graph();
  const EstimateReport whole = estimate(source, graph, find_target(files, "raspberry-pi-4/tflite-ruy/int8").model);
  for (const LayerRow& layer : whole.layers) EXPECT_NE(layer.layer.find("int8"), std::string::npos) << layer.layer;
  EXPECT_TRUE(says(whole, "quantised to int8"));
  EXPECT_GT(whole.estimate.coverage, 0.5) << "it was fitted to such networks";
  EXPECT_FALSE(says(estimate(source, graph, find_target(files, "raspberry-pi-4/tflite-ruy/f32").model), "quantised"));
}

TEST(Estimating, ListedLayersStayAsTheyAreWritten) {
  const NetworkSource source = NetworkSource::of_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1");
  const EstimateReport rows = estimate(source, source.graph(), find_target(DataFiles(), "raspberry-pi-4/tflite-ruy/int8").model);
  EXPECT_EQ(rows.layers.at(0).layer, "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 dtype=f32");
}

TEST(Targets, WithoutADataTypeTheUsualOneIsTaken) {
  const DataFiles files;
  const FoundEnergyModel several = find_target(files, "h200-sxm/vllm");
  EXPECT_EQ(several.model.dtype, DataType::bf16);
  ASSERT_EQ(several.remarks.size(), 1u);
  EXPECT_EQ(several.remarks[0].find("h200-sxm/vllm is taken in bf16; measured are h200-sxm/vllm/bf16, "), 0u)
      << several.remarks[0];
  EXPECT_EQ(find_target(files, "h200-sxm/vllm/fp8").remarks, std::vector<std::string>());
  EXPECT_EQ(find_target(files, "a100-sxm/pytorch").model.dtype, DataType::f32);
}

}  // namespace
}  // namespace wattlayer
