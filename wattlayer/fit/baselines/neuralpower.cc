#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

/// Configuration of a layer type (paper, section 3.1); types that it does not name take batch and input size.
std::vector<LayerFeature> configuration(const std::string& op) {
  if (op == "Conv")
    return {F::batch, F::image_size, F::in_channels, F::kernel_size, F::stride, F::padding, F::out_image_size, F::out_channels};
  if (op == "MaxPool" || op == "AveragePool")
    return {F::batch, F::image_size, F::in_channels, F::kernel_size, F::stride, F::out_image_size};
  if (op == "Gemm" || op == "MatMul") return {F::batch, F::input_size, F::output_size};
  return {F::batch, F::input_size};
}

/// Special terms of the runtime: total operations and total memory accesses.
constexpr LayerFeature special[] = {F::flops, F::memory};

std::vector<Powers> terms_of_degree(size_t configured, int degree, size_t specials) {
  std::vector<Powers> terms = monomials(configured, degree);
  for (Powers& t : terms) t.resize(configured + specials, 0);
  for (size_t i = 0; i < specials; ++i) {
    terms.emplace_back(configured + specials, 0);
    terms.back()[configured + i] = 1;
  }
  return terms;
}

std::vector<double> path() {
  std::vector<double> lambdas;
  for (int i = 0; i <= 20; ++i) lambdas.push_back(std::pow(10.0, -0.25 * i));
  return lambdas;
}

/// Lasso of the degree (1 to 3) and lambda with the least squared error in 10-fold cross-validation.
Polynomial sparse_polynomial(const Samples& samples, size_t configured, size_t specials) {
  const std::vector<double> lambdas = path();
  const std::vector<Fold> folds = cross_validation(samples.size(), 10);
  std::optional<double> least;
  std::vector<Powers> best_terms;
  size_t best_lambda = 0;
  for (int degree = 1; degree <= 3; ++degree) {
    const auto terms = terms_of_degree(configured, degree, specials);
    std::vector<double> errors(lambdas.size(), 0);
    for (const Fold& fold : folds) {
      if (fold.train.empty()) continue;
      const auto laws = fit_lasso(terms, samples.only(fold.train), lambdas);
      for (size_t l = 0; l < laws.size(); ++l)
        for (size_t i : fold.test) errors[l] += std::pow(laws[l](samples.features[i]) - samples.targets[i], 2);
    }
    for (size_t l = 0; l < lambdas.size(); ++l)
      if (!least || errors[l] < *least) least = errors[l], best_terms = terms, best_lambda = l;
  }
  return fit_lasso(best_terms, samples, std::span(lambdas).first(best_lambda + 1)).back();
}

/// Power and runtime of one layer type.
struct PowerAndTime {
  std::vector<LayerFeature> inputs;  ///< configuration, then the special terms
  Polynomial power, time;
};

PowerAndTime fit_type(const std::string& op, const std::vector<MeasuredLayer>& measured) {
  PowerAndTime law{.inputs = configuration(op)};
  const size_t configured = law.inputs.size();
  law.inputs.insert(law.inputs.end(), std::begin(special), std::end(special));
  Samples power, time;
  for (const MeasuredLayer& m : measured) {
    if (!m.time_s) continue;
    time.features.push_back(features(*m.layer, law.inputs));
    time.targets.push_back(*m.time_s);
    power.features.push_back(time.features.back());
    power.features.back().resize(configured);
    power.targets.push_back(m.energy_j / *m.time_s);
  }
  if (time.size() == 0) throw Error(ErrorKind::invalid_input, "neuralpower needs layers with energy and time");
  law.power = sparse_polynomial(power, configured, 0);
  law.time = sparse_polynomial(time, configured, std::size(special));
  return law;
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (const auto& [op, measured] : measured_layers(rows))
    laws[op] = [law = fit_type(op, measured)](const Layer& layer) {
      const std::vector<double> x = features(layer, law.inputs);
      return law.power(x) * law.time(x);
    };
  if (laws.empty()) throw Error(ErrorKind::invalid_input, "neuralpower needs rows of single layers with energy and time");
  return std::make_unique<LayerwisePredictor>(std::move(laws));
}

}  // namespace

Method neuralpower_method() {
  return {.name = "neuralpower",
          .summary = "sparse polynomials of power and of runtime for each layer type (Cai et al. 2017, arXiv 1710.05420)",
          .fit = fit};
}

}  // namespace wattlayer
