#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/layer_sums.h"

namespace wattlayer {
namespace {

/// Shares of the operators of one network, in per cent, for each of its measurements.
using Shares = std::map<std::string, std::vector<double>>;

void add_shares(Shares& shares, const DecomposedNetwork& network, const std::set<std::string>& ops) {
  std::map<std::string, double> joules;
  for (const auto& [row, count] : network.layers) joules[row->workload.items[0].layer.op] += count * *row->energy_j;
  for (const std::string& op : ops) shares[op].push_back(100 * joules[op] / network.layer_sum_j());
}

AnalysisResult run(const AnalysisInput& input) {
  DecomposedNetworks found = decomposed_networks(input.rows);
  std::erase_if(found.networks, [](const DecomposedNetwork& d) {
    return std::any_of(d.layers.begin(), d.layers.end(),
                       [](const MeasuredPart& part) { return part.row->workload.items.size() != 1; });
  });
  if (found.networks.empty())
    throw Error(ErrorKind::invalid_input,
                "energy-split needs networks whose layers were measured too (rows with a parent); this data set has none, "
                "`estimate` splits predicted energy");
  std::map<std::string, std::set<std::string>> ops;
  for (const DecomposedNetwork& d : found.networks)
    for (const MeasuredPart& part : d.layers) ops[d.network->block].insert(part.row->workload.items[0].layer.op);
  std::map<std::string, Shares> blocks;
  for (const DecomposedNetwork& d : found.networks) add_shares(blocks[d.network->block], d, ops[d.network->block]);
  AnalysisTable table{.title = "Share of each operator in the energy of the measured layers, over batch sizes",
                      .columns = {{"network", "NETWORK"},
                                  {"operator", "OPERATOR"},
                                  {"n", "N", Notation::count},
                                  {"share", "SHARE %", Notation::per_cent},
                                  {"share_sd", "±", Notation::per_cent},
                                  {"share_least", "LEAST", Notation::per_cent},
                                  {"share_most", "MOST", Notation::per_cent}}};
  for (const auto& [block, shares] : blocks) {
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [op, values] : shares) order.emplace_back(-mean(values), op);
    std::sort(order.begin(), order.end());
    for (const auto& [minus, op] : order) {
      const std::vector<double>& values = shares.at(op);
      double squares = 0;
      for (double v : values) squares += (v + minus) * (v + minus) / static_cast<double>(values.size());
      table.rows.push_back({block, op, static_cast<double>(values.size()), -minus, std::sqrt(squares),
                            *std::min_element(values.begin(), values.end()), *std::max_element(values.begin(), values.end())});
    }
  }
  return {.tables = {std::move(table)}};
}

}  // namespace

Analysis energy_split_analysis() {
  return {.name = "energy-split",
          .summary = "energy by operator type in each network, from its measured layers (Getzner et al. 2023, figure 5)",
          .run = run};
}

}  // namespace wattlayer
