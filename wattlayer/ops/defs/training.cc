#include <algorithm>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Losses and optimizer steps.
namespace wattlayer {
namespace {

using rules::require;

/// Scores N x C x d..., labels N x d...; a scalar, or one loss a label with reduction=none.
void loss_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require_rank(layer, 0, 2);
  const Shape& scores = layer.input(0).shape;
  const Shape& labels = layer.input(1).shape;
  Shape expected = scores;
  expected.erase(expected.begin() + 1);
  require(labels == expected || layer.input(0).bounded || layer.input(1).bounded, layer,
          "expected labels " + rules::text(expected) + " for scores " + rules::text(scores) + ", found " + rules::text(labels));
  const bool reduced = layer.attributes.text("reduction", "mean") != "none";
  rules::set_output(layer, 0, reduced ? Shape{} : expected, layer.input(0).dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, scores, layer.input(0).dtype);
}

/// The backward pass starts from the logarithms of the softmax.
void keep_log_probabilities(Layer& layer) { layer.outputs.resize(2); }

/// One score a label is read, weighed and summed.
Cost nll_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 2 * layer.input(1).elements();
  return c;
}

/// A log-softmax (maximum, difference, sum; one exponential a score, one logarithm a label), then the loss.
Cost cross_entropy_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 4 * layer.input(0).elements() + 2 * layer.input(1).elements();
  c.special = layer.input(0).elements() + layer.input(1).elements();
  return c;
}

/// After the rate and the step count: n tensors, n gradients, then n of each state. New tensors and states come out.
void step_shapes(Layer& layer, size_t states) {
  if (!rules::inputs_known(layer, 2)) return;
  const size_t groups = states + 2;
  require(layer.inputs.size() > 2 && (layer.inputs.size() - 2) % groups == 0, layer,
          "expected a rate, a step count and " + std::to_string(groups) + " inputs a tensor, found " +
              std::to_string(layer.inputs.size()) + " inputs");
  const size_t n = (layer.inputs.size() - 2) / groups;
  for (size_t i = 0; i < std::min(layer.outputs.size(), n * (states + 1)); ++i) {
    const Tensor& from = layer.input(2 + (i < n ? i : i + n));
    rules::set_output(layer, i, from.shape, from.dtype);
  }
}

void one_state_shapes(Layer& layer) { step_shapes(layer, 1); }
void two_state_shapes(Layer& layer) { step_shapes(layer, 2); }

double updated(const Layer& layer, size_t states) {
  double count = 0;
  const size_t tensors = (std::max<size_t>(layer.inputs.size(), 2) - 2) / (states + 2);
  for (size_t i = 2; i < 2 + tensors; ++i) count += layer.input(i).elements();
  return count;
}

Cost momentum_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 6 * updated(layer, 1);
  return c;
}

Cost adagrad_cost(const Layer& layer) {
  Cost c = momentum_cost(layer);
  c.special = 2 * updated(layer, 1);
  return c;
}

Cost adam_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 10 * updated(layer, 2);
  c.special = 2 * updated(layer, 2);
  return c;
}

}  // namespace

const std::vector<Operator>& training_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "NegativeLogLikelihoodLoss",
          .family = Family::training,
          .summary = "negative log-likelihood of the labels; two FLOPs a label",
          .shapes = loss_shapes,
          .cost = nll_cost,
          .attributes = {{"reduction", "mean"}},
          .examples = {"NegativeLogLikelihoodLoss 8x1000 i64:8", "NegativeLogLikelihoodLoss 8x10x4 i64:8x4 reduction=none"},
          .backward = backward_rules::loss,
      },
      {
          .name = "SoftmaxCrossEntropyLoss",
          .family = Family::training,
          .summary =
              "log-softmax and negative log-likelihood; four FLOPs and an exponential a score, two FLOPs and a logarithm a label",
          .shapes = loss_shapes,
          .cost = cross_entropy_cost,
          .attributes = {{"reduction", "mean"}},
          .examples = {"SoftmaxCrossEntropyLoss 8x1000 i64:8", "SoftmaxCrossEntropyLoss 8x10x4 i64:8x4 outputs=1,1"},
          .backward = backward_rules::loss,
          .train = keep_log_probabilities,
      },
      {
          .name = "ai.onnx.preview.training.Momentum",
          .family = Family::training,
          .summary = "a step with momentum; six FLOPs an element",
          .shapes = one_state_shapes,
          .cost = momentum_cost,
          .examples = {"ai.onnx.preview.training.Momentum scalar i64:scalar 64x64 64x64 64x64 outputs=1,1"},
      },
      {
          .name = "ai.onnx.preview.training.Adagrad",
          .family = Family::training,
          .summary = "a step of Adagrad; six FLOPs, a root and a division an element",
          .shapes = one_state_shapes,
          .cost = adagrad_cost,
          .examples = {"ai.onnx.preview.training.Adagrad scalar i64:scalar 64x64 64x64 64x64 outputs=1,1"},
      },
      {
          .name = "ai.onnx.preview.training.Adam",
          .family = Family::training,
          .summary = "a step of Adam; ten FLOPs, a root and a division an element",
          .shapes = two_state_shapes,
          .cost = adam_cost,
          .examples = {"ai.onnx.preview.training.Adam scalar i64:scalar 64x64 64x64 64x64 64x64 outputs=1,1,1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
