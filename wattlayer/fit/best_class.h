#pragma once
#include <map>
#include <string>
#include <vector>

#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// What WattLayer (Sardi et al. 2026) looks at in a layer: MACs, activations, parameters, input size, batch.
std::vector<double> wattlayer_features(const Layer& layer);

/// Its three classes as terms of those features: linear in one, multi-linear, polynomial of degree 2. The linear one takes MACs;
/// layers without any take activations.
std::vector<std::vector<Powers>> wattlayer_classes(bool has_macs);

/// Law of each layer type: the class with the least cross-validated mean relative error, fitted on all rows of the type.
std::map<std::string, LayerwisePredictor::Law> best_class_laws(const std::map<std::string, std::vector<MeasuredLayer>>& layers);

}  // namespace wattlayer
