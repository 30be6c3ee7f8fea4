#include "wattlayer/fit/feature_set.h"

#include <cmath>

namespace wattlayer {
namespace {

using F = LayerFeature;

std::string_view name(LayerFeature feature) {
  switch (feature) {
    case F::batch:
      return "batch-size";
    case F::image_size:
      return "image-size";
    case F::kernel_size:
      return "kernel-size";
    case F::in_channels:
      return "in-channels";
    case F::out_channels:
      return "out-channels";
    case F::stride:
      return "stride";
    case F::padding:
      return "padding";
    case F::out_image_size:
      return "out-image-size";
    case F::input_size:
      return "input-size";
    case F::output_size:
      return "output-size";
    case F::macs:
    case F::paper_macs:
      return "macs";
    case F::activations:
      return "activations";
    case F::parameters:
      return "parameters";
    case F::flops:
      return "flops";
    case F::memory:
      return "memory";
  }
  return "";
}

}  // namespace

std::vector<double> FeatureSet::values(const Layer& layer) const {
  std::vector<double> x = wattlayer::features(layer, features);
  for (size_t i = 0; i < with_logarithms; ++i) x.push_back(std::log1p(x[i]));
  return x;
}

std::vector<Powers> FeatureSet::terms() const { return monomials(features.size() + with_logarithms, degree, interaction_only); }

Samples FeatureSet::samples(std::span<const MeasuredLayer> layers) const {
  Samples samples;
  for (const MeasuredLayer& m : layers) {
    samples.features.push_back(values(*m.layer));
    samples.targets.push_back(m.energy_j);
  }
  return samples;
}

std::vector<LayerFeature> layer_parameters(std::string_view op) {
  if (op == "Conv") return {F::batch, F::image_size, F::kernel_size, F::in_channels, F::out_channels, F::stride, F::padding};
  if (op == "MaxPool") return {F::batch, F::image_size, F::kernel_size, F::in_channels, F::stride, F::padding};
  if (op == "Gemm") return {F::batch, F::input_size, F::output_size};
  return {F::batch, F::input_size};
}

std::vector<std::string> feature_names(const FeatureSet& set) {
  std::vector<std::string> names;
  for (LayerFeature f : set.features) names.emplace_back(name(f));
  for (size_t i = 0; i < set.with_logarithms; ++i) names.push_back("log-" + names[i]);
  return names;
}

}  // namespace wattlayer
