#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/best_class.h"
#include "wattlayer/fit/layer_sums.h"

namespace wattlayer {
namespace {

/// Summed layers and measured networks of one device, engine and data type.
struct Calibration {
  std::vector<double> sums, networks;
};

void add_line(AnalysisTable& table, const Measurement& of, const std::string& layers, const Calibration& pairs) {
  if (pairs.sums.empty()) return;
  const OriginLine line = origin_line(pairs.sums, pairs.networks);
  std::vector<double> ratios;
  for (size_t i = 0; i < pairs.sums.size(); ++i) ratios.push_back(pairs.networks[i] / pairs.sums[i]);
  table.rows.push_back({of.hardware, of.engine, std::string(name(of.dtype)), layers, static_cast<double>(ratios.size()),
                        line.factor, cell(line.r2), cell(line.correlation), *std::min_element(ratios.begin(), ratios.end()),
                        median(ratios), *std::max_element(ratios.begin(), ratios.end())});
}

Calibration of_measured_layers(const std::vector<DecomposedNetwork>& networks, const Measurement& of) {
  Calibration pairs;
  for (const DecomposedNetwork& d : networks) {
    if (d.network->hardware != of.hardware || d.network->engine != of.engine || d.network->dtype != of.dtype) continue;
    pairs.sums.push_back(d.layer_sum_j());
    pairs.networks.push_back(*d.network->energy_j);
  }
  return pairs;
}

Calibration of_predicted_layers(const std::map<std::string, std::vector<MeasuredLayer>>& layers,
                                const std::vector<const Measurement*>& networks) {
  const LayerwisePredictor sum(best_class_laws(layers));
  Calibration pairs;
  for (const Measurement* m : networks) {
    const auto predicted = sum.energy_j(m->workload);
    if (!predicted) continue;
    pairs.sums.push_back(predicted->value);
    pairs.networks.push_back(*m->energy_j);
  }
  return pairs;
}

AnalysisResult run(const AnalysisInput& input) {
  std::map<std::tuple<std::string, std::string, DataType>, std::vector<const Measurement*>> groups;
  for (const Measurement& m : input.rows) groups[{m.hardware, m.engine, m.dtype}].push_back(&m);
  const DecomposedNetworks decomposed = decomposed_networks(input.rows);
  AnalysisResult result{.tables = {{.title = "Measured networks over the sum of their layers: network = factor x sum",
                                    .columns = {{"hardware", "HARDWARE"},
                                                {"engine", "ENGINE"},
                                                {"dtype", "DTYPE"},
                                                {"layers", "LAYERS"},
                                                {"n", "NETWORKS", Notation::count},
                                                {"factor", "FACTOR"},
                                                {"r2", "R2"},
                                                {"correlation", "r2"},
                                                {"ratio_least", "LEAST"},
                                                {"ratio_median", "MEDIAN"},
                                                {"ratio_most", "MOST"}}}}};
  double done = 0;
  for (const auto& [key, rows] : groups) {
    const std::string id = fmt::format("{}/{}/{}", std::get<0>(key), std::get<1>(key), name(std::get<2>(key)));
    input.report(done++ / static_cast<double>(groups.size()), id);
    const auto layers = measured_layers(rows);
    const auto networks = measured_networks(rows);
    if (layers.empty() || networks.empty()) {
      result.remarks.push_back(
          fmt::format("{} takes no part: it has no rows of {}.", id, layers.empty() ? "layers" : "networks"));
      continue;
    }
    add_line(result.tables[0], *rows[0], "measured", of_measured_layers(decomposed.networks, *rows[0]));
    add_line(result.tables[0], *rows[0], "predicted", of_predicted_layers(layers, networks));
  }
  if (result.tables[0].rows.empty())
    throw Error(ErrorKind::invalid_input,
                "correction-factor needs measured layers and measured networks of one device, engine and data type; " +
                    (result.remarks.empty() ? std::string("there are no rows") : result.remarks[0]));
  result.remarks.push_back("Published: factor 1.25, R2 0.99 on a GTX TITAN X.");
  return result;
}

}  // namespace

Analysis correction_factor_analysis() {
  return {.name = "correction-factor",
          .summary = "measured networks over summed layers on each device, with R2 (WattLayer, Sardi et al. 2026, figure 3)",
          .run = run};
}

}  // namespace wattlayer
