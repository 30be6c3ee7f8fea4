#include "wattlayer/api/batch_sweep.h"

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr int64_t largest_batch = 128;
constexpr size_t many_nodes = 3000;  // from here on a batch takes seconds

}  // namespace

BatchSweep batch_sweep(const NetworkSource& source, ImportOptions options, const std::vector<const EnergyModel*>& models,
                       const DeviceSettings& settings) {
  BatchSweep sweep;
  if (source.is_list()) {
    sweep.absence = "the shapes of a list of layers are fixed, so it has one batch size only";
    return sweep;
  }
  int64_t step = 2;
  for (int64_t batch = 1; batch <= largest_batch; batch *= step) try {
      options.batch = batch;
      const Graph graph = source.graph(options);
      if (graph.nodes.size() > many_nodes) step = 8;
      for (const EnergyModel* model : models) {
        EstimateReport rows = estimate(source, graph, *model, settings);
        rows.layers.clear(), rows.operators.clear();
        sweep.points.push_back(std::move(rows));
      }
    } catch (const Error& e) {
      if (sweep.absence.empty()) sweep.absence = e.what();
    }
  if (!sweep.points.empty()) sweep.absence.clear();
  return sweep;
}

}  // namespace wattlayer
