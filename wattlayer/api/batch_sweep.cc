#include "wattlayer/api/batch_sweep.h"

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr int64_t largest_batch = 128;
constexpr size_t many_nodes = 3000;  // from here on a batch takes seconds

void add_points(std::vector<EstimateReport>& points, const NetworkSource& source, ImportOptions& options,
                const std::vector<EnergyModel>& models, const DeviceSettings& settings) {
  int64_t step = 2;
  for (int64_t batch = 1; batch <= largest_batch; batch *= step) try {
      options.batch = batch;
      const Graph graph = source.graph(options);
      if (graph.nodes.size() > many_nodes) step = 8;
      for (const EnergyModel& model : models) {
        points.push_back(estimate(source, graph, model, settings));
        points.back().layers.clear(), points.back().operators.clear();
      }
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::internal) throw;
    }
}

}  // namespace

std::vector<EstimateReport> batch_sweep(const std::vector<NetworkSource>& sources, ImportOptions options,
                                        const std::vector<EnergyModel>& models, const DeviceSettings& settings) {
  std::vector<EstimateReport> points;
  for (const NetworkSource& source : sources)
    if (!source.is_list()) add_points(points, source, options, models, settings);
  return points;
}

}  // namespace wattlayer
