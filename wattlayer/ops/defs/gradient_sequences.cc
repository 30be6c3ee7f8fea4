#include <algorithm>

#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"

// Gradients of attention and recurrences: inputs are the gradient and the forward layer's inputs, outputs the gradients of those.
namespace wattlayer {
namespace {

using rules::require;

/// The layer whose gradient this is.
Layer forward_of(const Layer& layer) {
  Layer forward{.op = std::string(find_operator(layer.op)->gradient_of), .attributes = layer.attributes, .dtype = layer.dtype};
  if (!layer.inputs.empty()) forward.inputs.assign(layer.inputs.begin() + 1, layer.inputs.end());
  forward.outputs.resize(1);
  find_operator(forward.op)->shapes(forward);
  return forward;
}

void gradient_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 4)) return;
  const Layer forward = forward_of(layer);
  require(layer.input(0).shape == forward.output(0).shape, layer,
          "gradient " + rules::text(layer.input(0).shape) + " does not fit the output " + rules::text(forward.output(0).shape));
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    require(layer.has_input(i + 1) || !layer.outputs[i].present, layer, "no input for gradient " + std::to_string(i));
    if (layer.outputs[i].present) rules::set_output(layer, i, layer.input(i + 1).shape, layer.input(i + 1).dtype);
  }
}

/// As the forward pass, `times` over.
Cost repeated(const Layer& layer, double times) {
  Cost c = rules::moved(layer);
  const Layer forward = forward_of(layer);
  const Cost once = find_operator(forward.op)->cost(forward);
  c.macs = times * once.macs, c.flops = times * once.flops, c.special = once.special, c.steps = once.steps;
  c.groups = once.groups, c.m = once.m, c.n = once.n, c.k = once.k;
  return c;
}

/// The scores are computed again; then four products for dV, dP, dQ and dK: five where the forward pass had two (Dao et al. 2022,
/// FlashAttention, algorithm 4).
Cost attention_grad_cost(const Layer& layer) { return repeated(layer, 2.5); }

/// Products for the gradients of inputs and weights.
Cost recurrence_grad_cost(const Layer& layer) { return repeated(layer, 2); }

Operator recurrence_grad(std::string_view name, std::string_view of, std::vector<AttributeInfo> more, std::string_view example) {
  std::vector<AttributeInfo> attributes = {{"activations"}, {"direction", "forward"}, {"layout", "0"}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return {.name = name,
          .family = Family::recurrent,
          .summary = "gradients of input, weights and bias of a recurrence; MACs and FLOPs twice those of the forward pass",
          .shapes = gradient_shapes,
          .cost = recurrence_grad_cost,
          .attributes = std::move(attributes),
          .weight_inputs = 0b11100,
          .examples = {example},
          .gradient_of = of};
}

}  // namespace

const std::vector<Operator>& gradient_sequences_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "com.microsoft.AttentionGrad",
          .family = Family::attention,
          .summary = "gradients of Q, K and V with the scores computed again; MACs and FLOPs 2.5 times those of Attention",
          .shapes = gradient_shapes,
          .cost = attention_grad_cost,
          .attributes = {{"is_causal", "0"},
                         {"kv_num_heads"},
                         {"left_window_size", "-1"},
                         {"q_num_heads"},
                         {"qk_matmul_output_mode", "0"},
                         {"right_window_size", "-1"},
                         {"scale"},
                         {"softcap", "0.0"}},
          .examples = {"com.microsoft.AttentionGrad 1x12x128x64 1x12x128x64 1x12x128x64 1x12x128x64 outputs=1,1,1"},
          .gradient_of = "Attention",
      },
      recurrence_grad("com.microsoft.GRUGrad", "GRU", {{"linear_before_reset", "0"}},
                      "com.microsoft.GRUGrad 32x1x4x128 32x4x64 1x384x64 1x384x128 outputs=1,1,1"),
      recurrence_grad("com.microsoft.LSTMGrad", "LSTM", {{"input_forget", "0"}},
                      "com.microsoft.LSTMGrad 32x1x4x128 32x4x64 1x512x64 1x512x128 1x1024 outputs=1,1,1,1"),
      recurrence_grad("com.microsoft.RNNGrad", "RNN", {},
                      "com.microsoft.RNNGrad 32x1x4x128 32x4x64 1x128x64 1x128x128 outputs=1,1,1"),
  };
  return operators;
}

}  // namespace wattlayer
