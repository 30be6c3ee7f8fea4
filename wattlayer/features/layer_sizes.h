#pragma once
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/layer.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {

/// Plain sizes of a layer, for residuals that look beyond what its counts say. What a layer does not have is 0.
struct LayerSizes {
  double groups = 0, m = 0, n = 0, k = 0;                      ///< of the main product, or of the output (m alone)
  double macs = 0, flops = 0;                                  ///< before waves or algorithms change them
  double input_bytes = 0, weight_bytes = 0, output_bytes = 0;  ///< before caches change them
  double units = 1;                                            ///< compute units of the device
  double bits = 0, weight_bits = 0, cache_bits = 0;            ///< of an element
  double batch = 0, padding = 0, out_extent = 0;
  double heads = 0, kv_heads = 0, queries = 0, length = 0, window = 0, causal = 0;  ///< attention; length: keys in all
  double experts = 0, routed = 0, skew = 0, chosen = 0,
         min_latency = 0;  ///< experts here, and that the router knows; `chosen` of these take a token
};

/// All shapes are known; `op` is the layer's block, `cost` what it says.
LayerSizes layer_sizes(const Layer& layer, const Operator* op, const Cost& cost, const Hardware& hardware);

/// A mixture of experts, whatever its domain.
bool mixes_experts(const Operator& op);

}  // namespace wattlayer
