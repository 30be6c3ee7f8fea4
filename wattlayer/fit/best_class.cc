#include "wattlayer/fit/best_class.h"

#include <cmath>
#include <optional>

namespace wattlayer {
namespace {

using F = LayerFeature;

constexpr LayerFeature wanted[] = {F::macs, F::activations, F::parameters, F::input_size, F::batch};
constexpr size_t feature_count = std::size(wanted);

Polynomial best_polynomial(const Samples& samples) {
  bool has_macs = false;
  for (const auto& row : samples.features) has_macs = has_macs || row[0] > 0;
  const std::vector<Fold> folds = cross_validation(samples.size(), 10);
  std::optional<std::vector<Powers>> best;
  double least = 0;
  for (const auto& terms : wattlayer_classes(has_macs)) {
    double error = 0;
    for (const Fold& fold : folds) {
      if (fold.train.empty()) continue;
      const Polynomial law = fit_least_squares(terms, samples.only(fold.train));
      for (size_t i : fold.test) error += std::abs(law(samples.features[i]) / samples.targets[i] - 1);
    }
    if (!best || error < least) best = terms, least = error;
  }
  return fit_least_squares(*best, samples);
}

}  // namespace

std::vector<double> wattlayer_features(const Layer& layer) { return features(layer, wanted); }

std::vector<std::vector<Powers>> wattlayer_classes(bool has_macs) {
  Powers one(feature_count, 0);
  one[has_macs ? 0 : 1] = 1;
  return {{one}, monomials(feature_count, 1), monomials(feature_count, 2)};
}

std::map<std::string, LayerwisePredictor::Law> best_class_laws(const std::map<std::string, std::vector<MeasuredLayer>>& layers) {
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (const auto& [op, measured] : layers) {
    Samples samples;
    for (const MeasuredLayer& m : measured)
      samples.features.push_back(wattlayer_features(*m.layer)), samples.targets.push_back(m.energy_j);
    laws[op] = [law = best_polynomial(samples)](const Layer& layer) { return law(wattlayer_features(layer)); };
  }
  return laws;
}

}  // namespace wattlayer
