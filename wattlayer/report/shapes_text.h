#pragma once
#include <string>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// Shapes of a layer for reading: `1x64x56x56 64x64x3x3 → 1x64x56x56`; vectors beside matrices (biases, scales) are left out.
std::string shapes_text(const Layer& layer);

}  // namespace wattlayer
