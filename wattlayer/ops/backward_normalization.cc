#include <algorithm>

#include "wattlayer/ops/backward_rules.h"

namespace wattlayer::backward_rules {
namespace {

/// Gradients of input, scale and bias come out of one kernel.
void normalization(BackwardBuilder& b, std::string_view op, const std::vector<Attributes::Item>& attributes) {
  if (!b.wants(0) && !b.wants(1) && !b.wants(2)) return;
  const auto all = b.add(op, {b.gradient(), b.input(0), b.input(1), b.output(1), b.output(2)}, attributes,
                         {b.wants(0), b.wants(1), b.wants(2)});
  for (size_t i = 0; i < 3; ++i)
    if (b.wants(i)) b.give(i, b.result(all, static_cast<int>(i)));
}

}  // namespace

void batch_norm(BackwardBuilder& b) { normalization(b, "com.microsoft.BatchNormalizationGrad", {}); }

void layer_norm(BackwardBuilder& b) {
  normalization(b, "com.microsoft.LayerNormalizationGrad", {{"axis", b.layer().attributes.integer("axis", -1)}});
}

void standardize(BackwardBuilder& b) {
  std::vector<bool> wanted;
  std::vector<GradientOperand> inputs = {b.gradient(), b.input(0), b.input(1)};
  const size_t count = std::min<size_t>(b.layer().inputs.size(), 3);
  for (size_t i = 0; i < count; ++i) wanted.push_back(b.wants(i));
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return;
  const auto& items = b.layer().attributes.items();
  const auto all = b.add("com.microsoft." + b.layer().op + "Grad", inputs, {items.begin(), items.end()}, wanted);
  for (size_t i = 0; i < count; ++i)
    if (wanted[i]) b.give(i, b.result(all, static_cast<int>(i)));
}

void squared_loss(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.add("org.pytorch.aten.mse_loss_backward", {b.gradient(), b.input(0), b.input(1)}));
  if (b.wants(1)) b.give_up();
}

void softmax(BackwardBuilder& b) {
  const std::string op = b.layer().op == "LogSoftmax" ? "com.microsoft.LogSoftmaxGrad" : "com.microsoft.SoftmaxGrad";
  b.give(0, b.add(op, {b.gradient(), b.output()}, {{"axis", b.layer().attributes.integer("axis", -1)}}));
}

/// From the logarithms of the softmax that the forward pass keeps.
void loss(BackwardBuilder& b) {
  if (!b.wants(0)) return;
  const bool cross_entropy = b.layer().op == "SoftmaxCrossEntropyLoss";
  b.give(0, b.add(cross_entropy ? "com.microsoft.SoftmaxCrossEntropyLossGrad" : "com.microsoft.NegativeLogLikelihoodLossGrad",
                  {b.gradient(), cross_entropy ? b.output(1) : b.input(0), b.input(1)}));
}

}  // namespace wattlayer::backward_rules
