#pragma once
#include <span>
#include <string>

#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/sparse_polynomial.h"

namespace wattlayer {

/// Power and runtime of one layer type as NeuralPower (Cai et al. 2017) fits them.
struct NeuralPowerLaw {
  std::vector<LayerFeature> inputs;  ///< configuration, then total operations and memory accesses, which runtime takes too
  SparsePolynomial power_w, time_s;
};

/// With degrees up to `highest`. Layers without time take no part. Throws Error(invalid_input) when none has energy and time.
NeuralPowerLaw fit_neuralpower_law(const std::string& op, std::span<const MeasuredLayer> measured, int highest = 3);

}  // namespace wattlayer
