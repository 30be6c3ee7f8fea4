#pragma once
#include <span>
#include <string_view>

namespace wattlayer {

/// The gradient of an activation: one kernel that reads the gradient and the activation's input or output.
struct GradientActivation {
  std::string_view op;         ///< `com.microsoft.ReluGrad`
  std::string_view of;         ///< `Relu`
  bool from_output;            ///< computed from the output, so that the activation may overwrite its input
  double flops, special;       ///< an element
  std::string_view aten = {};  ///< overload, where ATen has one kernel for it
  std::string_view formula = {};
};

std::span<const GradientActivation> gradient_activations();

/// Of a forward operator; nullptr: none.
const GradientActivation* gradient_activation(std::string_view op);

}  // namespace wattlayer
