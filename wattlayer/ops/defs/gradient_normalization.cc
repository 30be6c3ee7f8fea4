#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

// Gradients of normalizations, softmax, losses and dropout, under the names of ONNX Runtime's training operators.
namespace wattlayer {
namespace {

using rules::require;

/// Inputs dY, X, scale and two statistics; outputs dX, dScale, dBias, of which some may be left out.
void norm_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 1);
  require(layer.input(0).shape == layer.input(1).shape, layer,
          "gradient " + rules::text(layer.input(0).shape) + " and input " + rules::text(layer.input(1).shape) +
              " must have equal shapes");
  for (size_t i = 0; i < std::min<size_t>(layer.outputs.size(), 3); ++i) {
    require(i == 0 || layer.has_input(2), layer, "without a scale there is only the gradient of the input");
    if (layer.outputs[i].present) rules::set_output(layer, i, layer.input(i == 0 ? 1 : 2).shape, layer.input(1).dtype);
  }
}

/// Two sums over all elements (of dY and of dY times the standardised input), then three more operations for each of dX.
Cost norm_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double x = layer.input(1).elements();
  c.flops = (4 + (layer.output(0).present ? 5 : 0)) * x;
  return c;
}

/// Standardizations differ by what they standardize over; their gradients by nothing but the name.
Operator standardize_grad(std::string_view name, std::string_view of, std::vector<AttributeInfo> attributes,
                          std::string_view example) {
  return {.name = name,
          .family = Family::normalization,
          .summary = "gradients of input, scale and bias, statistics computed again; 9 FLOPs an element",
          .shapes = norm_grad_shapes,
          .cost = norm_grad_cost,
          .attributes = std::move(attributes),
          .weight_inputs = 0b100,
          .examples = {example},
          .gradient_of = of};
}

/// Squares are written, then read and averaged: two passes.
void mse_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  require(layer.input(0).shape == layer.input(1).shape, layer,
          "results " + rules::text(layer.input(0).shape) + " and targets " + rules::text(layer.input(1).shape) +
              " must have equal shapes");
  rules::set_output(layer, 0, {}, layer.input(0).dtype);
}

Cost mse_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.input_bytes += layer.input(0).bytes();
  c.output_bytes += layer.input(0).bytes();
  c.flops = 3 * layer.input(0).elements();
  return c;
}

/// Gradient of the loss, results, targets.
void mse_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  require(layer.input(1).shape == layer.input(2).shape, layer,
          "results " + rules::text(layer.input(1).shape) + " and targets " + rules::text(layer.input(2).shape) +
              " must have equal shapes");
  rules::set_output(layer, 0, Shape(layer.input(1).shape), layer.input(1).dtype);
}

void softmax_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 0);
  require(layer.input(0).shape == layer.input(1).shape, layer,
          "gradient " + rules::text(layer.input(0).shape) + " and output " + rules::text(layer.input(1).shape) +
              " must have equal shapes");
  if (layer.input(0).rank() > 0) rules::axis(layer.attributes.integer("axis", -1), layer.input(0).rank());
  rules::same_as_input(layer);
}

/// dX = Y (dY - sum(dY Y))
Cost softmax_grad_cost(const Layer& layer) { return rules::per_element<4>(layer); }

/// dX = dY - exp(Y) sum(dY)
Cost log_softmax_grad_cost(const Layer& layer) { return rules::per_element<3, 1>(layer); }

/// Gradient of the loss, the scores or their log-softmax, labels: the output has the shape of the scores.
void loss_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  rules::require_rank(layer, 1, 2);
  rules::set_output(layer, 0, Shape(layer.input(1).shape), layer.input(1).dtype);
}

/// (softmax - label) times the gradient.
Cost cross_entropy_grad_cost(const Layer& layer) { return rules::per_element<2, 1>(layer); }

/// Zeros, and one value a label.
Cost nll_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.input_bytes -= layer.input(1).constant ? 0 : layer.input(1).bytes();
  c.flops = layer.input(2).elements();
  return c;
}

void dropout_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 0);
  require(layer.input(0).shape == layer.input(1).shape, layer,
          "gradient " + rules::text(layer.input(0).shape) + " and mask " + rules::text(layer.input(1).shape) +
              " must have equal shapes");
  rules::same_as_input(layer);
}

}  // namespace

const std::vector<Operator>& gradient_normalization_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "com.microsoft.BatchNormalizationGrad",
          .family = Family::normalization,
          .summary = "gradients of input, scale and bias from the statistics of the batch; 9 FLOPs an element",
          .shapes = norm_grad_shapes,
          .cost = norm_grad_cost,
          .weight_inputs = 0b100,
          .run = {"aten::native_batch_norm_backward"},
          .calls = aten::batch_norm_grad,
          .examples = {"com.microsoft.BatchNormalizationGrad 8x64x28x28 8x64x28x28 64 64 64 outputs=1,1,1"},
          .gradient_of = "BatchNormalization",
      },
      {
          .name = "com.microsoft.LayerNormalizationGrad",
          .family = Family::normalization,
          .summary = "gradients of input, scale and bias from mean and deviation of each row; 9 FLOPs an element",
          .shapes = norm_grad_shapes,
          .cost = norm_grad_cost,
          .attributes = {{"axis", "-1"}},
          .weight_inputs = 0b100,
          .run = {"aten::native_layer_norm_backward"},
          .calls = aten::layer_norm_grad,
          .examples = {"com.microsoft.LayerNormalizationGrad 8x128x768 8x128x768 768 8x128x1 8x128x1 outputs=1,1,1"},
          .gradient_of = "LayerNormalization",
      },
      standardize_grad("com.microsoft.GroupNormalizationGrad", "GroupNormalization", {{"epsilon", "1e-05"}, {"num_groups"}},
                       "com.microsoft.GroupNormalizationGrad 2x32x16x16 2x32x16x16 32 num_groups=8 outputs=1,1,1"),
      standardize_grad("com.microsoft.InstanceNormalizationGrad", "InstanceNormalization", {{"epsilon", "1e-05"}},
                       "com.microsoft.InstanceNormalizationGrad 2x32x16x16 2x32x16x16 32 outputs=1,1,1"),
      standardize_grad("com.microsoft.RMSNormalizationGrad", "RMSNormalization", {{"axis", "-1"}, {"epsilon", "1e-05"}},
                       "com.microsoft.RMSNormalizationGrad 1x128x2048 1x128x2048 2048 outputs=1,1"),
      standardize_grad("com.microsoft.SimplifiedLayerNormalizationGrad", "SimplifiedLayerNormalization",
                       {{"axis", "-1"}, {"epsilon", "1e-05"}},
                       "com.microsoft.SimplifiedLayerNormalizationGrad 1x128x2048 1x128x2048 2048 outputs=1,1"),
      standardize_grad("com.microsoft.LpNormalizationGrad", "LpNormalization", {{"axis", "-1"}, {"p", "2"}},
                       "com.microsoft.LpNormalizationGrad 2x64x28x28 2x64x28x28 axis=1"),
      {
          .name = "com.microsoft.LRNGrad",
          .family = Family::normalization,
          .summary = "gradient of the division by the local energy; FLOPs = 2 x (size + 3) an element, one power an element",
          .shapes = norm_grad_shapes,
          .cost =
              [](const Layer& layer) {
                Cost c = rules::moved(layer);
                c.flops = 2 * (static_cast<double>(layer.attributes.integer("size", 1)) + 3) * c.output_elements;
                c.special = c.output_elements;
                return c;
              },
          .attributes = {{"alpha", "0.0001"}, {"beta", "0.75"}, {"bias", "1.0"}, {"size"}},
          .examples = {"com.microsoft.LRNGrad 1x96x27x27 1x96x27x27 size=5"},
          .gradient_of = "LRN",
      },
      {
          .name = "org.pytorch.aten.mse_loss",
          .family = Family::training,
          .summary = "mean of squared differences, in two passes as PyTorch computes it; 3 FLOPs an element",
          .shapes = mse_shapes,
          .cost = mse_cost,
          .run = {"aten::mse_loss", {run::input("self"), run::input("target", 1), run::constant("reduction", "1")}},
          .examples = {"org.pytorch.aten.mse_loss 64x10 64x10"},
          .backward = backward_rules::squared_loss,
      },
      {
          .name = "org.pytorch.aten.mse_loss_backward",
          .family = Family::training,
          .summary = "twice the difference times the gradient; 2 FLOPs an element",
          .shapes = mse_grad_shapes,
          .cost = rules::per_element<2>,
          .run = {"aten::mse_loss_backward",
                  {run::input("grad_output"), run::input("self", 1), run::input("target", 2), run::constant("reduction", "1")}},
          .examples = {"org.pytorch.aten.mse_loss_backward scalar 64x10 64x10"},
          .gradient_of = "org.pytorch.aten.mse_loss",
      },
      {
          .name = "com.microsoft.SoftmaxGrad",
          .family = Family::softmax,
          .summary = "Y (dY - sum(dY Y)) along `axis`; 4 FLOPs an element",
          .shapes = softmax_grad_shapes,
          .cost = softmax_grad_cost,
          .attributes = {{"axis", "-1"}},
          .run = {"aten::_softmax_backward_data"},
          .calls = aten::softmax_grad,
          .examples = {"com.microsoft.SoftmaxGrad 8x12x128x128 8x12x128x128"},
          .gradient_of = "Softmax",
      },
      {
          .name = "com.microsoft.LogSoftmaxGrad",
          .family = Family::softmax,
          .summary = "dY - exp(Y) sum(dY) along `axis`; 3 FLOPs and one exp an element",
          .shapes = softmax_grad_shapes,
          .cost = log_softmax_grad_cost,
          .attributes = {{"axis", "-1"}},
          .run = {"aten::_log_softmax_backward_data"},
          .calls = aten::softmax_grad,
          .examples = {"com.microsoft.LogSoftmaxGrad 64x1000 64x1000"},
          .gradient_of = "LogSoftmax",
      },
      {
          .name = "com.microsoft.SoftmaxCrossEntropyLossGrad",
          .family = Family::training,
          .summary = "softmax less the label, times the gradient; 2 FLOPs and one exp a score",
          .shapes = loss_grad_shapes,
          .cost = cross_entropy_grad_cost,
          .examples = {"com.microsoft.SoftmaxCrossEntropyLossGrad scalar 8x1000 i64:8"},
          .gradient_of = "SoftmaxCrossEntropyLoss",
      },
      {
          .name = "com.microsoft.NegativeLogLikelihoodLossGrad",
          .family = Family::training,
          .summary = "the gradient at each label, zeros elsewhere; one FLOP a label",
          .shapes = loss_grad_shapes,
          .cost = nll_grad_cost,
          .examples = {"com.microsoft.NegativeLogLikelihoodLossGrad scalar 8x1000 i64:8"},
          .gradient_of = "NegativeLogLikelihoodLoss",
      },
      {
          .name = "com.microsoft.DropoutGrad",
          .family = Family::elementwise,
          .summary = "the gradient where the mask let values through, scaled; 2 FLOPs an element",
          .shapes = dropout_grad_shapes,
          .cost = rules::per_element<2>,
          .run = {"aten::native_dropout_backward",
                  {run::input("grad_output"), run::input("mask", 1), run::constant("scale", "2.0")}},
          .examples = {"com.microsoft.DropoutGrad 64x4096 bool:64x4096"},
          .gradient_of = "Dropout",
      },
  };
  return operators;
}

}  // namespace wattlayer
