#include "wattlayer/core/error.h"
#include "wattlayer/fit/feature_set.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

/// What the paper chose for an operator (table 6, rows marked *).
struct Plan {
  std::string_view op;
  FeatureSet set;
};

const std::vector<Plan>& plans() {
  static const std::vector<Plan> all = {
      {"Conv", {.features = {F::paper_macs}}},
      {"Gemm", {.features = {F::paper_macs}}},
      {"Relu", {.features = {F::paper_macs}}},
      {"MaxPool",
       {.features = {F::batch, F::image_size, F::kernel_size, F::in_channels, F::stride, F::padding, F::paper_macs},
        .with_logarithms = 6,
        .degree = 2,
        .interaction_only = true}},
      {"Sigmoid", {.features = {F::batch, F::input_size}, .degree = 2, .interaction_only = true}},
      {"Tanh", {.features = {F::batch, F::input_size}, .degree = 2}},
      {"Softmax", {.features = {F::batch, F::input_size}, .degree = 2, .interaction_only = true}},
  };
  return all;
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  const auto layers = measured_layers(rows);
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (const auto& [op, set] : plans()) {
    const auto measured = layers.find(std::string(op));
    if (measured == layers.end()) continue;
    laws[measured->first] = [&set = set, law = fit_least_squares(set.terms(), set.samples(measured->second))](
                                const Layer& layer) { return law(set.values(layer)); };
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
