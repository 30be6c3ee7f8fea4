#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/layer_sums.h"

namespace wattlayer {
namespace {

/// Mean of (sum - network) / sum of the authors' notebook (architecture-estimates) behind figure 6, in per cent.
struct PublishedDeviation {
  std::string_view architecture;
  double percent;
};
constexpr PublishedDeviation figure_6[] = {{"alexnet", 0.291}, {"vgg11", 1.172}, {"vgg13", 0.735}, {"vgg16", 0.532}};

struct Pairs {
  std::vector<double> sum, network;
};

/// One line for some networks together.
std::vector<Cell> summary(const std::string& which, const Pairs& pairs) {
  std::vector<double> ratios, deviations;
  for (size_t i = 0; i < pairs.sum.size(); ++i) {
    ratios.push_back(pairs.network[i] / pairs.sum[i]);
    deviations.push_back(100 * (1 - ratios.back()));
  }
  const OriginLine line = origin_line(pairs.sum, pairs.network);
  Cell published;
  for (const PublishedDeviation& p : figure_6)
    if (p.architecture == which) published = p.percent;
  return {which,
          static_cast<double>(ratios.size()),
          line.factor,
          cell(line.r2),
          cell(line.correlation),
          median(ratios),
          *std::min_element(ratios.begin(), ratios.end()),
          *std::max_element(ratios.begin(), ratios.end()),
          mean(deviations),
          published};
}

AnalysisResult run(const AnalysisInput& input) {
  DecomposedNetworks found = decomposed_networks(input.rows);
  if (found.networks.empty())
    throw Error(ErrorKind::invalid_input,
                "layer-sum needs networks whose layers were measured too (rows with a parent); this data set has none");
  AnalysisTable totals{.title = "Measured network against the sum of its measured layers",
                       .columns = {{"networks", "NETWORKS"},
                                   {"n", "N", Notation::count},
                                   {"factor", "FACTOR"},
                                   {"r2", "R2"},
                                   {"correlation", "r2"},
                                   {"ratio_median", "RATIO"},
                                   {"ratio_least", "LEAST"},
                                   {"ratio_most", "MOST"},
                                   {"deviation", "DEVIATION %"},
                                   {"deviation_published", "(PAPER)"}}};
  AnalysisTable each{.title = "By network and batch",
                     .columns = {{"network", "NETWORK"},
                                 {"batch", "BATCH", Notation::count},
                                 {"layers", "LAYERS", Notation::count},
                                 {"covered", "COVERED %", Notation::per_cent},
                                 {"layer_sum_j", "LAYER SUM", Notation::joules},
                                 {"network_j", "NETWORK", Notation::joules},
                                 {"ratio", "RATIO"}}};
  std::stable_sort(found.networks.begin(), found.networks.end(), [](const DecomposedNetwork& a, const DecomposedNetwork& b) {
    return std::tie(a.network->block, a.network->workload.batch) < std::tie(b.network->block, b.network->workload.batch);
  });
  std::map<std::string, Pairs> blocks;
  Pairs all;
  for (const DecomposedNetwork& d : found.networks) {
    const double sum = d.layer_sum_j(), whole = *d.network->energy_j;
    double layers = 0;
    for (const MeasuredPart& part : d.layers) layers += part.count;
    for (Pairs* pairs : {&blocks[d.network->block], &all}) pairs->sum.push_back(sum), pairs->network.push_back(whole);
    each.rows.push_back(
        {d.network->row, static_cast<double>(d.network->workload.batch), layers, 100 * d.covered, sum, whole, whole / sum});
  }
  for (const auto& [block, pairs] : blocks) totals.rows.push_back(summary(block, pairs));
  totals.rows.push_back(summary("all", all));
  AnalysisResult result{.tables = {std::move(totals), std::move(each)}};
  if (found.incomplete > 0)
    result.remarks.push_back(std::to_string(found.incomplete) + " networks took no part: a layer of theirs has no energy.");
  return result;
}

}  // namespace

Analysis layer_sum_analysis() {
  return {.name = "layer-sum",
          .summary = "sum of measured layers against the measured network (Getzner et al. 2023, figure 6)",
          .run = run};
}

}  // namespace wattlayer
