#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

constexpr LayerFeature wanted[] = {F::macs, F::activations, F::parameters, F::input_size, F::batch};
constexpr size_t feature_count = std::size(wanted);

/// The three classes of the paper: linear in one feature, multi-linear, polynomial of degree 2. The linear one takes MACs;
/// layers without any take activations.
std::vector<std::vector<Powers>> classes(bool has_macs) {
  Powers one(feature_count, 0);
  one[has_macs ? 0 : 1] = 1;
  return {{one}, monomials(feature_count, 1), monomials(feature_count, 2)};
}

double relative_error(double predicted, double truth) { return std::abs(predicted / truth - 1); }

/// The class with the least cross-validated mean relative error, fitted on all rows of one operator.
Polynomial best_polynomial(const Samples& samples) {
  bool has_macs = false;
  for (const auto& row : samples.features) has_macs = has_macs || row[0] > 0;
  const std::vector<Fold> folds = cross_validation(samples.size(), 10);
  std::optional<std::vector<Powers>> best;
  double least = 0;
  for (const auto& terms : classes(has_macs)) {
    double error = 0;
    for (const Fold& fold : folds) {
      if (fold.train.empty()) continue;
      const Polynomial law = fit_least_squares(terms, samples.only(fold.train));
      for (size_t i : fold.test) error += relative_error(law(samples.features[i]), samples.targets[i]);
    }
    if (!best || error < least) best = terms, least = error;
  }
  return fit_least_squares(*best, samples);
}

std::map<std::string, Polynomial> fit_layers(const std::map<std::string, std::vector<MeasuredLayer>>& layers) {
  std::map<std::string, Polynomial> laws;
  for (const auto& [op, measured] : layers) {
    Samples samples;
    for (const MeasuredLayer& m : measured)
      samples.features.push_back(features(*m.layer, wanted)), samples.targets.push_back(m.energy_j);
    laws[op] = best_polynomial(samples);
  }
  return laws;
}

/// One row of the joint fit: for each operator the sums of 1 and of the terms over its layers.
std::vector<double> summed_terms(const Workload& workload, const std::map<std::string, size_t>& position,
                                 const std::vector<Powers>& terms) {
  std::vector<double> row(position.size() * (terms.size() + 1), 0);
  for (const WorkloadItem& item : workload.items) {
    const auto at = position.find(item.layer.op);
    if (at == position.end()) continue;
    double* const start = row.data() + at->second * (terms.size() + 1);
    const std::vector<double> values = term_values(terms, features(item.layer, wanted));
    start[0] += item.count;
    for (size_t t = 0; t < terms.size(); ++t) start[t + 1] += item.count * values[t];
  }
  return row;
}

/// Where only whole networks were measured, the laws of all operators are fitted together on the sums of their terms.
std::map<std::string, Polynomial> fit_networks(const std::vector<const Measurement*>& networks) {
  std::map<std::string, size_t> position;
  for (const Measurement* m : networks)
    for (const WorkloadItem& item : m->workload.items) position.emplace(item.layer.op, position.size());
  std::vector<double> targets;
  for (const Measurement* m : networks) targets.push_back(*m->energy_j);
  const std::vector<Fold> folds = cross_validation(networks.size(), 5);
  std::map<std::string, Polynomial> laws;
  std::optional<double> least;
  for (const auto& terms : classes(true)) {
    std::vector<std::vector<double>> rows;
    for (const Measurement* m : networks) rows.push_back(summed_terms(m->workload, position, terms));
    double error = 0;
    for (const Fold& fold : folds) {
      std::vector<std::vector<double>> some;
      std::vector<double> some_targets;
      for (size_t i : fold.train) some.push_back(rows[i]), some_targets.push_back(targets[i]);
      if (some.empty()) continue;
      const std::vector<double> solution = solve_least_squares(some, some_targets);
      for (size_t i : fold.test) {
        double predicted = 0;
        for (size_t j = 0; j < solution.size(); ++j) predicted += rows[i][j] * solution[j];
        error += relative_error(predicted, targets[i]);
      }
    }
    if (least && error >= *least) continue;
    least = error;
    const std::vector<double> solution = solve_least_squares(rows, targets);
    for (const auto& [op, at] : position) {
      const auto start = solution.begin() + static_cast<std::ptrdiff_t>(at * (terms.size() + 1));
      laws[op] = {.terms = terms,
                  .coefficients = std::vector<double>(start + 1, start + 1 + static_cast<std::ptrdiff_t>(terms.size())),
                  .intercept = *start};
    }
  }
  return laws;
}

/// Slope of measured over summed energy of whole networks, through the origin (paper, figure 3).
double correction_factor(const std::map<std::string, LayerwisePredictor::Law>& laws,
                         const std::vector<const Measurement*>& networks) {
  const LayerwisePredictor plain(laws);
  double product = 0, square = 0;
  for (const Measurement* m : networks)
    if (const auto sum = plain.energy_j(m->workload)) product += sum->value * *m->energy_j, square += sum->value * sum->value;
  return square > 0 ? product / square : 1;
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  const auto layers = measured_layers(rows);
  const auto networks = measured_networks(rows);
  if (layers.empty() && networks.size() < 2)
    throw Error(ErrorKind::invalid_input, "wattlayer needs rows of layers or at least 2 of networks");
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (auto& [op, law] : layers.empty() ? fit_networks(networks) : fit_layers(layers))
    laws[op] = [law = law](const Layer& layer) { return law(features(layer, wanted)); };
  const double correction = layers.empty() ? 1 : correction_factor(laws, networks);
  return std::make_unique<LayerwisePredictor>(std::move(laws), correction);
}

}  // namespace

Method wattlayer_method() {
  return {.name = "wattlayer",
          .summary =
              "best of linear, multi-linear and polynomial for each layer type, summed, times a correction (Sardi et al. 2026, "
              "arXiv 2606.27841)",
          .fit = fit};
}

}  // namespace wattlayer
