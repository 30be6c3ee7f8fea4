#pragma once
#include <optional>
#include <string_view>

#include "wattlayer/pages/estimate_page.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// What one execution of a layer does, and what the energy model's law charges for each part of it.
struct LayerWork {
  double flops = 0;                     ///< two a MAC, one for any other operation
  double product_flops = 0;             ///< of matrix products alone
  double bytes = 0;                     ///< inputs, weights and outputs, each once
  DataType arithmetic = DataType::f32;  ///< of matrix products: what the engine computes in
  Regime regime = Regime::compute;
  double static_j = 0, launch_j = 0, arithmetic_j = 0, memory_j = 0;  ///< the law's terms, before its correction of their sum
};

/// From the text form of a layer; nothing where its shapes or its operator are unknown.
std::optional<LayerWork> layer_work(std::string_view layer, const PagedModel& basis);

}  // namespace wattlayer
