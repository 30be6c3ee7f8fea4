#include <algorithm>

#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

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
          .examples = {"com.microsoft.LayerNormalizationGrad 8x128x768 8x128x768 768 8x128x1 8x128x1 outputs=1,1,1"},
          .gradient_of = "LayerNormalization",
      },
      {
          .name = "com.microsoft.SoftmaxGrad",
          .family = Family::softmax,
          .summary = "Y (dY - sum(dY Y)) along `axis`; 4 FLOPs an element",
          .shapes = softmax_grad_shapes,
          .cost = softmax_grad_cost,
          .attributes = {{"axis", "-1"}},
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
          .examples = {"com.microsoft.DropoutGrad 64x4096 bool:64x4096"},
          .gradient_of = "Dropout",
      },
  };
  return operators;
}

}  // namespace wattlayer
