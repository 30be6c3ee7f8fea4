// Layer predictions per second and core, through the library: 60,000 distinct layers, each priced anew, residual included.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <stdexcept>

#include "wattlayer/core/data_files.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {
namespace {

EnergyModel shipped(std::string_view file) {
  const auto text = DataFiles().read("energy_models", file);
  if (!text) throw std::runtime_error(fmt::format("energy_models/{} is not in the program", file));
  return EnergyModel::parse(*text, file);
}

/// Sizes in the range of real networks; no two layers are equal.
std::vector<Layer> distinct_layers() {
  std::vector<Layer> layers;
  for (int i = 0; i < 15000; ++i) {
    const int channels = 8 + i % 250, extent = 7 + (i / 250) % 60, filters = 16 + (i * 7) % 500;
    const std::string image = fmt::format("{}x{}x{}x{}", 1 + i % 4, channels, extent, extent);
    layers.push_back(parse_layer(fmt::format("Conv {} {}x{}x3x3 {} pads=1,1,1,1", image, filters, channels, filters)));
    layers.push_back(parse_layer(fmt::format("Relu {}", image)));
    layers.push_back(parse_layer(fmt::format("MaxPool {} kernel_shape=2,2 strides=2,2", image)));
    layers.push_back(parse_layer(fmt::format("Gemm {}x{} {}x{} {} transB=1", 1 + i % 128, 64 + i, filters, 64 + i, filters)));
  }
  return layers;
}

void predict_distinct_layers(benchmark::State& state, std::string_view file) {
  const EnergyModel model = shipped(file);
  const std::vector<Layer> layers = distinct_layers();
  for (auto _ : state)
    for (const Layer& layer : layers) benchmark::DoNotOptimize(predict(layer, model));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * layers.size()));
}
BENCHMARK_CAPTURE(predict_distinct_layers, xeon_gold_5120, "xeon-gold-5120--pytorch--f32.wlm")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict_distinct_layers, jetson_nano, "jetson-nano--tensorrt--f32.wlm")->Unit(benchmark::kMillisecond);

void parse_energy_model(benchmark::State& state) {
  const std::string text = *DataFiles().read("energy_models", "xeon-gold-5120--pytorch--f32.wlm");
  for (auto _ : state) benchmark::DoNotOptimize(EnergyModel::parse(text, "x"));
}
BENCHMARK(parse_energy_model)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wattlayer
