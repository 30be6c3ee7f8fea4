#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

/// The features and the polynomial that the paper chose for an operator (table 6, rows marked *).
struct Plan {
  std::string_view op;
  std::vector<LayerFeature> features;
  int degree = 1;
  bool interaction_only = false;
  size_t with_logarithms = 0;  ///< so many of the first features also enter as log(1 + x)
};

const std::vector<Plan>& plans() {
  static const std::vector<Plan> all = {
      {.op = "Conv", .features = {F::paper_macs}},
      {.op = "Gemm", .features = {F::paper_macs}},
      {.op = "Relu", .features = {F::paper_macs}},
      {.op = "MaxPool",
       .features = {F::batch, F::image_size, F::kernel_size, F::in_channels, F::stride, F::padding, F::paper_macs},
       .degree = 2,
       .interaction_only = true,
       .with_logarithms = 6},
      {.op = "Sigmoid", .features = {F::batch, F::input_size}, .degree = 2, .interaction_only = true},
      {.op = "Tanh", .features = {F::batch, F::input_size}, .degree = 2},
      {.op = "Softmax", .features = {F::batch, F::input_size}, .degree = 2, .interaction_only = true},
  };
  return all;
}

std::vector<double> values(const Plan& plan, const Layer& layer) {
  std::vector<double> x = features(layer, plan.features);
  for (size_t i = 0; i < plan.with_logarithms; ++i) x.push_back(std::log1p(x[i]));
  return x;
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  const auto layers = measured_layers(rows);
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (const Plan& plan : plans()) {
    const auto measured = layers.find(std::string(plan.op));
    if (measured == layers.end()) continue;
    Samples samples;
    for (const MeasuredLayer& m : measured->second) {
      samples.features.push_back(values(plan, *m.layer));
      samples.targets.push_back(m.energy_j);
    }
    const auto terms = monomials(plan.features.size() + plan.with_logarithms, plan.degree, plan.interaction_only);
    laws[measured->first] = [&plan, law = fit_least_squares(terms, samples)](const Layer& layer) {
      return law(values(plan, layer));
    };
  }
  if (laws.empty()) throw Error(ErrorKind::invalid_input, "getzner needs rows of single layers (Conv, Gemm, MaxPool, Relu, ...)");
  return std::make_unique<LayerwisePredictor>(std::move(laws));
}

}  // namespace

Method getzner_method() {
  return {.name = "getzner",
          .summary = "least squares for each layer type, on MACs for most (Getzner et al. 2023, arXiv 2304.00897)",
          .fit = fit};
}

}  // namespace wattlayer
