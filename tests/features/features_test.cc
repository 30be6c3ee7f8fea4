#include "wattlayer/features/features.h"

#include <gtest/gtest.h>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Hardware cpu() {
  Hardware h;
  h.peak_flops[DataType::f32] = 1e12;
  h.kind = "cpu";
  h.bandwidth_bytes_per_s = 10;
  h.memory = {{"L2", 1000, 1, 40.0}, {"DRAM", 1e12, 1, 10.0}};
  return h;
}

TEST(Features, BytesInACacheCountLess) {
  // 4 * (25 in + 25 out) = 200 bytes fit into L2: a quarter of the time, and a store reads its line first.
  const Features f = features(parse_layer("Relu 25"), cpu(), {});
  EXPECT_DOUBLE_EQ(f.count(Count::input_bytes), 100 * 0.25);
  EXPECT_DOUBLE_EQ(f.count(Count::output_bytes), 2 * 100 * 0.25);
}

TEST(Features, LargerSetsAreHeldInPart) {
  // 8000 bytes, 1000 of them in L2.
  const Features f = features(parse_layer("Relu 1000"), cpu(), {});
  EXPECT_DOUBLE_EQ(f.count(Count::input_bytes), 4000 * (0.25 / 8 + 7.0 / 8));
}

TEST(Features, InPlaceNeitherReadsStoredLinesNorTakesPages) {
  Engine engine;
  engine.fresh_pages_above_bytes = 100;
  const Features fresh = features(parse_layer("Relu 1000"), cpu(), engine);
  const Features in_place = features(parse_layer("Relu 1000 inplace"), cpu(), engine);
  EXPECT_EQ(fresh.count(Count::fresh_bytes), 4000);
  EXPECT_EQ(in_place.count(Count::fresh_bytes), 0);
  EXPECT_LT(in_place.count(Count::output_bytes), fresh.count(Count::output_bytes));
}

TEST(Features, GpuWorkIsRoundedUpToWaves) {
  Hardware gpu;
  gpu.peak_flops[DataType::f32] = 1e12;
  gpu.kind = "gpu", gpu.on_processor = false;
  gpu.compute_units = 100;
  const Features f = features(parse_layer("Gemm 64x10 64x10 64 transB=1"), gpu, {});  // one block of the 100 that a wave holds
  EXPECT_DOUBLE_EQ(f.count(Count::macs), 100.0 * f.macs);
}

TEST(Features, GroupsKeepDifferentKernelsApart) {
  auto variant = [](const char* text) { return features(parse_layer(text), cpu(), {}).group.variant; };
  EXPECT_EQ(variant("Conv 1x32x8x8 32x32x3x3"), "");
  EXPECT_EQ(variant("Conv 1x32x8x8 32x1x3x3 group=32"), "depthwise");
  EXPECT_EQ(variant("Conv 1x32x8x8 32x8x3x3 group=4"), "grouped");
  EXPECT_EQ(variant("Conv 1x32x8x8 32x32x1x1"), "pointwise");
  EXPECT_EQ(variant("Sigmoid 8"), "Sigmoid");
}

TEST(Features, StridesBeyondTheKernelSkipRows) {
  const Hardware h = cpu();
  const double all = features(parse_layer("MaxPool 1x8x50x50 kernel_shape=5,5 strides=5,5"), h, {}).count(Count::input_bytes);
  const double some = features(parse_layer("MaxPool 1x8x50x50 kernel_shape=2,2 strides=5,5"), h, {}).count(Count::input_bytes);
  EXPECT_DOUBLE_EQ(some / all, 2.0 / 5);
}

TEST(Features, WinogradSavesMultiplicationsWhereTheEngineHasIt) {
  Engine engine;
  engine.winograd = true;
  const Layer three = parse_layer("Conv 1x32x8x8 32x32x3x3");
  EXPECT_DOUBLE_EQ(features(three, cpu(), engine).count(Count::macs), cost(three).macs / 2.25);
  EXPECT_EQ(features(three, cpu(), engine).group.variant, "winograd");
  for (const char* other : {"Conv 1x32x8x8 32x32x3x3 strides=2,2", "Conv 1x32x9x9 32x32x5x5", "Conv 1x32x8x8 32x1x3x3 group=32",
                            "Conv 1x32x8x8 32x32x3x3 dilations=2,2"})
    EXPECT_NE(features(parse_layer(other), cpu(), engine).group.variant, "winograd") << other;
}

}  // namespace
}  // namespace wattlayer
