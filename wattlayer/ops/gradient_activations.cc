#include "wattlayer/ops/gradient_activations.h"

#include <algorithm>

namespace wattlayer {

std::span<const GradientActivation> gradient_activations() {
  static constexpr GradientActivation all[] = {
      {"com.microsoft.CeluGrad", "Celu", true, 5, 1, "", "dy where x > 0, else dy exp(x / alpha)"},
      {"com.microsoft.ClipGrad", "Clip", false, 3, 0, "aten::hardtanh_backward", "dy where min < x < max, else 0"},
      {"com.microsoft.EluGrad", "Elu", true, 4, 1, "aten::elu_backward", "dy where x > 0, else dy alpha exp(x)"},
      {"com.microsoft.FastGeluGrad", "com.microsoft.FastGelu", false, 15, 1, "", "dy times the derivative of FastGelu"},
      {"com.microsoft.GeluGrad", "Gelu", false, 7, 2, "aten::gelu_backward", "dy (Phi(x) + x phi(x))"},
      {"com.microsoft.HardSigmoidGrad", "HardSigmoid", false, 3, 0, "aten::hardsigmoid_backward",
       "alpha dy inside the slope, else 0"},
      {"com.microsoft.HardSwishGrad", "HardSwish", false, 6, 0, "aten::hardswish_backward",
       "dy (x / 3 + 1/2) inside the slope, dy above, 0 below"},
      {"com.microsoft.LeakyReluGrad", "LeakyRelu", true, 2, 0, "aten::leaky_relu_backward", "dy where x > 0, else alpha dy"},
      {"com.microsoft.MishGrad", "Mish", false, 7, 4, "aten::mish_backward", "dy times the derivative of Mish"},
      {"com.microsoft.QuickGeluGrad", "com.microsoft.QuickGelu", false, 7, 2, "", "dy times the derivative of QuickGelu"},
      {"com.microsoft.ReluGrad", "Relu", true, 1, 0, "aten::threshold_backward", "dy where y > 0, else 0"},
      {"com.microsoft.SeluGrad", "Selu", true, 4, 1, "", "dy times the derivative of Selu"},
      {"com.microsoft.SigmoidGrad", "Sigmoid", true, 3, 0, "aten::sigmoid_backward", "dy y (1 - y)"},
      {"com.microsoft.SoftplusGrad", "Softplus", false, 3, 2, "aten::softplus_backward", "dy / (1 + exp(-x))"},
      {"com.microsoft.SoftsignGrad", "Softsign", false, 3, 1, "", "dy / (1 + |x|)^2"},
      {"com.microsoft.SwishGrad", "Swish", false, 7, 2, "aten::silu_backward", "dy s (1 + x (1 - s)), s = sigmoid(x)"},
      {"com.microsoft.TanhGrad", "Tanh", true, 3, 0, "aten::tanh_backward", "dy (1 - y^2)"},
      {"com.microsoft.ThresholdedReluGrad", "ThresholdedRelu", true, 1, 0, "", "dy where x > alpha, else 0"},
  };
  return all;
}

const GradientActivation* gradient_activation(std::string_view op) {
  if (op == "com.microsoft.Gelu") op = "Gelu";
  if (op == "com.microsoft.ScaledSiLU") op = "Swish";
  const auto all = gradient_activations();
  const auto at = std::find_if(all.begin(), all.end(), [op](const GradientActivation& a) { return a.of == op; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace wattlayer
