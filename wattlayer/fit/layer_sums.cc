#include "wattlayer/fit/layer_sums.h"

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {

namespace {

/// Operator and size: multiply-accumulates, elements of the output where it has none.
using Size = std::pair<std::string, double>;

Size size_of(const Layer& layer) {
  const double macs = feature(layer, LayerFeature::macs);
  return {layer.op, macs > 0 ? macs : feature(layer, LayerFeature::activations)};
}

DecomposedNetwork joined(const Measurement& network, const std::vector<const Measurement*>& rows) {
  std::map<Size, double> runs, measured;
  double all = 0, covered = 0;
  for (const WorkloadItem& item : network.workload.items) runs[size_of(item.layer)] += item.count, all += item.count;
  for (const Measurement* m : rows)
    for (const WorkloadItem& item : m->workload.items) measured[size_of(item.layer)] += item.count;
  for (const auto& [size, count] : runs)
    if (measured.contains(size)) covered += count;
  DecomposedNetwork result{.network = &network, .covered = all > 0 ? covered / all : 0};
  for (const Measurement* m : rows) {
    const Size size = m->workload.items.size() == 1 ? size_of(m->workload.items[0].layer) : Size();
    const auto found = runs.find(size);
    result.layers.push_back({m, found == runs.end() ? 1 : found->second / measured.at(size)});
  }
  return result;
}

}  // namespace

double DecomposedNetwork::layer_sum_j() const {
  double sum = 0;
  for (const MeasuredPart& layer : layers) sum += layer.count * *layer.row->energy_j;
  return sum;
}

DecomposedNetworks decomposed_networks(std::span<const Measurement> rows) {
  const auto key = [](const Measurement& m, const std::string& row) {
    return std::tuple(m.dataset, m.hardware, m.engine, m.dtype, row);
  };
  struct Parts {
    std::vector<const Measurement*> layers;
    bool complete = true;
  };
  std::map<decltype(key(rows[0], "")), Parts> parts;
  for (const Measurement& m : rows) {
    if (m.parent.empty() || m.kind == "network") continue;
    Parts& found = parts[key(m, m.parent)];
    if (m.failure.empty() && has_measured_energy(m)) found.layers.push_back(&m);
    else found.complete = false;
  }
  DecomposedNetworks result;
  for (const Measurement& m : rows) {
    if (m.kind != "network" || !m.failure.empty() || !has_measured_energy(m)) continue;
    const auto found = parts.find(key(m, m.row));
    if (found == parts.end()) continue;
    if (found->second.complete) result.networks.push_back(joined(m, found->second.layers));
    else ++result.incomplete;
  }
  return result;
}

OriginLine origin_line(std::span<const double> x, std::span<const double> y) {
  double product = 0, square = 0;
  for (size_t i = 0; i < x.size(); ++i) product += x[i] * y[i], square += x[i] * x[i];
  if (!(square > 0)) throw Error(ErrorKind::invalid_input, "a line through the origin needs at least one point away from it");
  OriginLine line{.factor = product / square};
  std::vector<double> on_line;
  for (double value : x) on_line.push_back(line.factor * value);
  line.r2 = r_squared(y, on_line);
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean(x)) * (y[i] - mean(y));
    xx += std::pow(x[i] - mean(x), 2);
    yy += std::pow(y[i] - mean(y), 2);
  }
  if (xx > 0 && yy > 0) line.correlation = xy * xy / (xx * yy);
  return line;
}

}  // namespace wattlayer
