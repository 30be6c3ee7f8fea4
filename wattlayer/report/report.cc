#include "wattlayer/report/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/report/shapes_text.h"

namespace wattlayer {
namespace {

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

LayerRow layer_row(const WorkloadItem& item, const LayerEstimate& estimate, double total_j) {
  LayerRow row;
  row.name = item.names.empty() || item.names.front().empty() ? item.layer.op : item.names.front();
  row.names = item.names;
  row.op = item.layer.op;
  row.fused = item.layer.fused;
  row.layer = print(item.layer);
  row.shapes = shapes_text(item.layer);
  row.count = item.count;
  row.macs = estimate.macs;
  row.energy_j = estimate.energy_j;
  row.time_s = estimate.time_s;
  row.share = share_of(estimate.energy_j.value, total_j);
  row.label = estimate.label;
  return row;
}

std::vector<OperatorRow> by_operator(const std::vector<LayerRow>& layers) {
  std::vector<OperatorRow> rows;
  std::unordered_map<std::string, size_t> at;
  for (const LayerRow& layer : layers) {
    const auto [place, added] = at.try_emplace(layer.op, rows.size());
    if (added) rows.push_back({.op = layer.op});
    OperatorRow& row = rows[place->second];
    row.count += layer.count;
    row.macs += layer.macs;
    row.energy_j += layer.energy_j.value;
    row.share += layer.share;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const OperatorRow& a, const OperatorRow& b) { return a.energy_j > b.energy_j; });
  return rows;
}

}  // namespace

EstimateReport report(Estimate estimate) {
  EstimateReport result;
  result.network = estimate.network;
  const double batch = static_cast<double>(std::max<int64_t>(1, estimate.batch));
  const Interval& energy = estimate.energy_j;
  result.energy_per_inference_j = {energy.value / batch, energy.low / batch, energy.high / batch};
  result.estimate = std::move(estimate);
  return result;
}

EstimateReport report(const Workload& workload, Estimate whole) {
  std::vector<LayerEstimate> layers = std::move(whole.layers);
  whole.layers.clear();
  EstimateReport result = report(std::move(whole));
  const Estimate& estimate = result.estimate;
  const Interval& energy = estimate.energy_j;
  result.layers.reserve(layers.size());
  for (const LayerEstimate& layer : layers) {
    if (layer.item >= workload.items.size()) throw Error(ErrorKind::internal, "report: the estimate is of another workload");
    result.layers.push_back(layer_row(workload.items[layer.item], layer, energy.value));
  }
  result.operators = by_operator(result.layers);
  result.pass_energy_j = energy.value;
  for (const OperatorRow& row : result.operators) result.pass_energy_j -= row.energy_j;
  if (std::abs(result.pass_energy_j) <= 1e-9 * energy.value) result.pass_energy_j = 0;
  return result;
}

std::vector<size_t> dearest(const EstimateReport& report, size_t top) {
  std::vector<size_t> order(report.layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return report.layers[a].energy_j.value > report.layers[b].energy_j.value; });
  order.resize(std::min(order.size(), top));
  return order;
}

}  // namespace wattlayer
