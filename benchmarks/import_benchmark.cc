// From an ONNX file to an estimate, step by step, on the bundled ResNet-50.
#include <benchmark/benchmark.h>

#include "wattlayer/core/data_files.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {
namespace {

const std::filesystem::path resnet50 = std::filesystem::path(WATTLAYER_SOURCE_DIR) / "examples" / "resnet50.onnx";

void import_resnet50(benchmark::State& state) {
  ImportOptions options;
  if (state.range(0)) options.batch = state.range(0);
  for (auto _ : state) benchmark::DoNotOptimize(read_onnx(resnet50, options));
}
BENCHMARK(import_resnet50)->Arg(0)->Arg(32)->Unit(benchmark::kMillisecond);

void lower_resnet50(benchmark::State& state) {
  const Graph graph = read_onnx(resnet50);
  const Engine engine = parse_engine(*DataFiles().read("engines", "tensorrt.json"), "tensorrt");
  for (auto _ : state) benchmark::DoNotOptimize(lower(graph, engine));
}
BENCHMARK(lower_resnet50)->Unit(benchmark::kMillisecond);

void estimate_resnet50(benchmark::State& state) {
  const EnergyModel model = EnergyModel::parse(*DataFiles().read("energy_models", "xeon-gold-5120--pytorch--f32.wlm"), "x");
  for (auto _ : state) benchmark::DoNotOptimize(predict(lower(read_onnx(resnet50), model.engine), model));
}
BENCHMARK(estimate_resnet50)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wattlayer
