// Every cell of NAS-Bench-201 at three inputs, 46,875 networks, on one device; and a hundredth of them the long way.
#include <benchmark/benchmark.h>

#include "wattlayer/core/data_files.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/sketch.h"
#include "wattlayer/networks/built_layers.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/predict/price_list.h"
#include "wattlayer/scoring/network_scorer.h"

namespace wattlayer {
namespace {

std::vector<std::string> every_network() {
  static constexpr const char* operations[] = {"none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"};
  std::vector<std::string> specs;
  for (int number = 0; number < 5 * 5 * 5 * 5 * 5 * 5; ++number) {
    std::string cell;
    for (int node = 1, rest = number; node <= 3; ++node)
      for (int source = 0; source < node; ++source, rest /= 5)
        cell += (cell.empty() ? "" : "/") + std::string(operations[rest % 5]) + "~" + std::to_string(source);
    for (const char* task : {"cifar100", "ninapro", "darcy"}) specs.push_back("nas_bench_201?cell=" + cell + "&task=" + task);
  }
  return specs;
}

EnergyModel jetson() {
  return EnergyModel::parse(*DataFiles().read("energy_models", "jetson-nano--tensorrt--f32.wlm"), "jetson-nano/tensorrt/f32");
}

void score_every_cell(benchmark::State& state) {
  const EnergyModel model = jetson();
  const std::vector<std::string> specs = every_network();
  for (auto _ : state) benchmark::DoNotOptimize(score(specs, model));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * specs.size()));
}
BENCHMARK(score_every_cell)->Unit(benchmark::kMillisecond);

void sketch_every_cell(benchmark::State& state) {
  const std::vector<std::string> specs = every_network();
  for (auto _ : state) {
    SketchPad pad;
    for (const std::string& spec : specs) benchmark::DoNotOptimize(sketch_network(spec, pad));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * specs.size()));
}
BENCHMARK(sketch_every_cell)->Unit(benchmark::kMillisecond);

/// What is left when the layers of each network are known, as a regression is given its features.
void add_up_every_cell(benchmark::State& state) {
  const EnergyModel model = jetson();
  SketchPad pad;
  SketchLowering lowering(model.engine);
  PriceList prices(model);
  std::vector<std::vector<PriceList::Item>> networks;
  for (const std::string& spec : every_network()) {
    sketch_network(spec, pad);
    networks.emplace_back();
    for (const auto& item : lowering.lower(pad.sketch)) networks.back().push_back({item.layer, item.count});
    while (prices.size() < lowering.layers()) prices.add(lowering.layer(prices.size()));
  }
  for (auto _ : state)
    for (const auto& items : networks) benchmark::DoNotOptimize(prices.total(items, "nas_bench_201", 1));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * networks.size()));
}
BENCHMARK(add_up_every_cell)->Unit(benchmark::kMillisecond);

void predict_cells_one_by_one(benchmark::State& state) {
  const EnergyModel model = jetson();
  const std::vector<std::string> specs = every_network();
  for (auto _ : state)
    for (size_t i = 0; i < specs.size(); i += 100)
      benchmark::DoNotOptimize(predict(lower(network(specs[i]), model.engine), model));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * (specs.size() + 99) / 100));
}
BENCHMARK(predict_cells_one_by_one)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wattlayer
