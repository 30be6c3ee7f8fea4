#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// The features of a law of one layer type, and the polynomial in them (Getzner et al. 2023, table 6).
struct FeatureSet {
  std::vector<LayerFeature> features;
  size_t with_logarithms = 0;  ///< so many of the first features also enter as log(1 + x), after all others
  int degree = 1;
  bool interaction_only = false;

  /// Of one layer: the features, then the logarithms.
  std::vector<double> values(const Layer& layer) const;
  /// The products of the polynomial.
  std::vector<Powers> terms() const;
  /// Features and joules of each layer.
  Samples samples(std::span<const MeasuredLayer> layers) const;
};

/// What configures a layer of this type in the paper: Conv, MaxPool and Gemm; others by batch and input size.
std::vector<LayerFeature> layer_parameters(std::string_view op);

/// `batch-size`, `log-stride`, `macs`: as the paper writes them, in the order of values().
std::vector<std::string> feature_names(const FeatureSet& set);

}  // namespace wattlayer
