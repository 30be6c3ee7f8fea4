#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/gradient_activations.h"

namespace wattlayer::backward_rules {

void add(BackwardBuilder& b) {
  for (size_t i = 0; i < b.layer().inputs.size(); ++i)
    if (b.wants(i)) b.give(i, b.gradient());
}

void sub(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.gradient());
  if (b.wants(1)) b.give(1, b.add("Neg", {b.gradient()}));
}

void mul(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.add("Mul", {b.gradient(), b.input(1)}));
  if (b.wants(1)) b.give(1, b.add("Mul", {b.gradient(), b.input(0)}));
}

/// y = p / q: dp = dy / q, dq = -dy (p / q) / q.
void div(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.add("Div", {b.gradient(), b.input(1)}));
  if (!b.wants(1)) return;
  const auto ratio = b.add("Div", {b.add("Div", {b.input(0), b.input(1)}), b.input(1)});
  b.give(1, b.add("Mul", {b.add("Neg", {b.gradient()}), ratio}));
}

void activation(BackwardBuilder& b) {
  const GradientActivation* known = gradient_activation(b.layer().op);
  const auto& items = b.layer().attributes.items();
  b.give(0, b.add(known->op, {b.gradient(), known->from_output ? b.output() : b.input(0)}, {items.begin(), items.end()}));
}

}  // namespace wattlayer::backward_rules
