#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/best_class.h"
#include "wattlayer/fit/layer_sums.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

double relative_error(double predicted, double truth) { return std::abs(predicted / truth - 1); }

/// One row of the joint fit: for each operator the sums of 1 and of the terms over its layers.
std::vector<double> summed_terms(const Workload& workload, const std::map<std::string, size_t>& position,
                                 const std::vector<Powers>& terms) {
  std::vector<double> row(position.size() * (terms.size() + 1), 0);
  for (const WorkloadItem& item : workload.items) {
    const auto at = position.find(item.layer.op);
    if (at == position.end()) continue;
    double* const start = row.data() + at->second * (terms.size() + 1);
    const std::vector<double> values = term_values(terms, wattlayer_features(item.layer));
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
  for (const auto& terms : wattlayer_classes(true)) {
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
  std::vector<double> sums, measured;
  for (const Measurement* m : networks)
    if (const auto sum = plain.energy_j(m->workload)) sums.push_back(sum->value), measured.push_back(*m->energy_j);
  return sums.empty() ? 1 : origin_line(sums, measured).factor;
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  const auto layers = measured_layers(rows);
  const auto networks = measured_networks(rows);
  if (layers.empty() && networks.size() < 2)
    throw Error(ErrorKind::invalid_input, "wattlayer needs rows of layers or at least 2 of networks");
  if (!layers.empty()) {
    auto laws = best_class_laws(layers);
    const double correction = correction_factor(laws, networks);
    return std::make_unique<LayerwisePredictor>(std::move(laws), correction);
  }
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (auto& [op, law] : fit_networks(networks))
    laws[op] = [law = law](const Layer& layer) { return law(wattlayer_features(layer)); };
  return std::make_unique<LayerwisePredictor>(std::move(laws));
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
