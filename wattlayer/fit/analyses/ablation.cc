#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/draw.h"
#include "wattlayer/fit/feature_set.h"
#include "wattlayer/fit/subset_regression.h"

namespace wattlayer {
namespace {

/// R2 of every subset of the features of one layer type; [0] stands for the empty one and is not a number.
using SubsetScores = std::vector<double>;

/// What the paper states for convolutions: table 5, the figures with all their digits from the authors' notebook.
struct PublishedSubset {
  std::string_view which;
  double r2;
  std::string_view features;
};

constexpr PublishedSubset table_5[] = {
    {"best with MACs", 0.9980713676560352,
     "batch-size, image-size, kernel-size, in-channels, stride, log-image-size, log-kernel-size, log-out-channels, log-stride, "
     "log-padding, macs"},
    {"worst with MACs", 0.9971916564961691, "out-channels, log-out-channels, macs"},
    {"best without MACs", 0.25068152356422424,
     "batch-size, image-size, kernel-size, in-channels, stride, log-batch-size, log-image-size, log-kernel-size, "
     "log-out-channels, log-stride"},
    {"worst without MACs", -0.02672968998584735, "padding, log-padding"},
};

FeatureSet all_features(std::string_view op) {
  FeatureSet set{.features = layer_parameters(op)};
  set.with_logarithms = set.features.size();
  return set;
}

/// Parameters, their logarithms, then MACs: the paper's order.
Samples all_samples(const FeatureSet& set, std::span<const MeasuredLayer> layers) {
  Samples samples = set.samples(layers);
  for (size_t i = 0; i < layers.size(); ++i) samples.features[i].push_back(feature(*layers[i].layer, LayerFeature::paper_macs));
  return samples;
}

SubsetScores score_subsets(const Samples& samples, uint32_t seed, const AnalysisInput& input, double from, double to,
                           std::string_view op) {
  const Draw parts = draw(samples, seed);
  const SubsetRegression regression(parts.train, parts.test);
  SubsetScores scores(size_t{1} << regression.features(), std::nan(""));
  size_t done = 0;
  regression.visit([&](uint32_t subset, double r2) {
    scores[subset] = r2;
    if (++done % 4096 == 0)
      input.report(from + (to - from) * static_cast<double>(done) / static_cast<double>(scores.size()),
                   fmt::format("{}, seed {}: {} of {} subsets", op, seed, done, scores.size() - 1));
    return true;
  });
  return scores;
}

std::string subset_text(uint32_t subset, const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    if (subset >> i & 1) text += (text.empty() ? "" : ", ") + names[i];
  return text;
}

/// Best and worst subset with and without MACs (the last feature), in the order of table_5.
std::vector<uint32_t> extremes(const SubsetScores& scores) {
  const size_t half = scores.size() / 2;
  const auto position = [&](auto at) { return static_cast<uint32_t>(at - scores.begin()); };
  const auto without = std::minmax_element(scores.begin() + 1, scores.begin() + static_cast<std::ptrdiff_t>(half));
  const auto with = std::minmax_element(scores.begin() + static_cast<std::ptrdiff_t>(half), scores.end());
  return {position(with.second), position(with.first), position(without.second), position(without.first)};
}

/// One line for each extreme, with the paper's beside it and the range of the same extreme over other draws.
void add_extremes(AnalysisTable& table, std::string_view op, const SubsetScores& scores, const std::vector<std::string>& names,
                  const std::vector<std::vector<double>>& draws) {
  const std::vector<uint32_t> found = extremes(scores);
  for (size_t e = 0; e < found.size(); ++e) {
    const bool published = op == "Conv";
    std::vector<double> others;
    for (const auto& drawn : draws) others.push_back(drawn[e]);
    const auto bound = [&](auto which) { return others.empty() ? Cell() : Cell(*which(others.begin(), others.end())); };
    const std::string features = subset_text(found[e], names);
    table.rows.push_back({std::string(op), std::string(table_5[e].which), scores[found[e]],
                          published ? Cell(table_5[e].r2) : Cell(), bound([](auto b, auto l) { return std::min_element(b, l); }),
                          bound([](auto b, auto l) { return std::max_element(b, l); }),
                          published ? Cell(features == table_5[e].features ? "yes" : "no") : Cell(), features});
  }
}

/// By how much a feature raises R2, over all pairs of subsets that differ in it alone.
void add_gains(AnalysisTable& table, std::string_view op, const SubsetScores& scores, const std::vector<std::string>& names) {
  for (size_t j = 0; j < names.size(); ++j) {
    const uint32_t bit = 1u << j;
    std::vector<double> gains;
    for (uint32_t subset = 1; subset < scores.size(); ++subset)
      if (subset & bit && subset != bit) gains.push_back(scores[subset] - scores[subset ^ bit]);
    table.rows.push_back({std::string(op), names[j], scores[bit], gains.empty() ? Cell() : Cell(mean(gains)),
                          gains.empty() ? Cell() : Cell(*std::max_element(gains.begin(), gains.end()))});
  }
}

AnalysisResult run(const AnalysisInput& input) {
  std::vector<const Measurement*> random;
  for (const Measurement& m : input.rows)
    if (m.kind == "random-layer") random.push_back(&m);
  const auto layers = measured_layers(random);
  AnalysisTable best{.title = "Least squares on every subset of parameters, their logarithms and MACs: R2 of test rows",
                     .columns = {{"layer", "LAYER"},
                                 {"which", "SUBSET"},
                                 {"r2", "R2"},
                                 {"r2_published", "(PAPER)"},
                                 {"r2_least_of_draws", "LEAST"},
                                 {"r2_most_of_draws", "MOST"},
                                 {"features_published", "AS IN PAPER"},
                                 {"features", "FEATURES"}}};
  AnalysisTable gains{.title = "What each feature adds",
                      .columns = {{"layer", "LAYER"},
                                  {"feature", "FEATURE"},
                                  {"r2_alone", "R2 ALONE"},
                                  {"mean_gain", "MEAN GAIN"},
                                  {"largest_gain", "LARGEST"}}};
  AnalysisResult result;
  constexpr std::string_view types[] = {"Conv", "MaxPool", "Gemm"};
  for (size_t t = 0; t < std::size(types); ++t) {
    const std::string op(types[t]);
    const auto measured = layers.find(op);
    if (measured == layers.end()) continue;
    const FeatureSet set = all_features(op);
    const Samples samples = all_samples(set, measured->second);
    std::vector<std::string> names = feature_names(set);
    names.push_back("macs");
    const double start = static_cast<double>(t) / std::size(types);
    const double each = 1 / static_cast<double>(std::size(types) * (input.seeds.size() + 1));
    const SubsetScores scores = score_subsets(samples, paper_ablation_seed, input, start, start + each, op);
    std::vector<std::vector<double>> others;
    for (uint32_t seed : input.seeds) {
      const double from = start + each * static_cast<double>(others.size() + 1);
      const SubsetScores drawn = score_subsets(samples, seed, input, from, from + each, op);
      std::vector<double> found;
      for (uint32_t subset : extremes(drawn)) found.push_back(drawn[subset]);
      others.push_back(std::move(found));
    }
    add_extremes(best, op, scores, names, others);
    add_gains(gains, op, scores, names);
    result.remarks.push_back(fmt::format("{}: {} subsets of {} features, {} training rows in the draw of seed {}.", op,
                                         scores.size() - 1, names.size(), draw(samples, paper_ablation_seed).train.size(),
                                         paper_ablation_seed));
  }
  if (best.rows.empty()) throw Error(ErrorKind::invalid_input, "ablation needs rows of random Conv, MaxPool or Gemm layers");
  result.tables = {std::move(best), std::move(gains)};
  return result;
}

}  // namespace

Analysis ablation_analysis() {
  return {.name = "ablation",
          .summary = "least squares on all 32,767 subsets of a convolution's 15 features (Getzner et al. 2023, table 5)",
          .run = run};
}

}  // namespace wattlayer
