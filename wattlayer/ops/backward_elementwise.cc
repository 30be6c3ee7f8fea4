#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/gradient_activations.h"

namespace wattlayer::backward_rules {

using Operand = GradientOperand;

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

void mean(BackwardBuilder& b) {
  const auto share = b.add("Div", {b.gradient(), b.scalar(static_cast<double>(b.layer().inputs.size()))});
  for (size_t i = 0; i < b.layer().inputs.size(); ++i)
    if (b.wants(i)) b.give(i, share);
}

/// The gradient goes where the winner was; nothing is known of three inputs or more.
void extreme(BackwardBuilder& b) {
  if (b.layer().inputs.size() != 2) return b.give_up();
  const auto first = b.add(b.layer().op == "Max" ? "GreaterOrEqual" : "LessOrEqual", {b.input(0), b.input(1)});
  const auto zero = b.scalar(0);
  if (b.wants(0)) b.give(0, b.add("Where", {first, b.gradient(), zero}));
  if (b.wants(1)) b.give(1, b.add("Where", {first, zero, b.gradient()}));
}

/// dx = dy (p x^(p - 1)); dp = dy (y log x).
void pow(BackwardBuilder& b) {
  if (b.wants(0)) {
    const auto slope = b.add("Mul", {b.add("Pow", {b.input(0), b.input(1)}), b.input(1)});
    b.give(0, b.add("Mul", {b.gradient(), slope}));
  }
  if (b.wants(1)) b.give(1, b.add("Mul", {b.gradient(), b.add("Mul", {b.output(), b.add("Log", {b.input(0)})})}));
}

void where(BackwardBuilder& b) {
  if (b.wants(1)) b.give(1, b.add("Where", {b.input(0), b.gradient(), b.scalar(0)}));
  if (b.wants(2)) b.give(2, b.add("Where", {b.input(0), b.scalar(0), b.gradient()}));
}

void unary(BackwardBuilder& b) {
  const std::string& op = b.layer().op;
  const auto x = b.input(0), y = b.output(), dy = b.gradient();
  const auto times = [&b](Operand p, Operand q) { return b.add("Mul", {p, q}); };
  if (op == "Neg") return b.give(0, b.add("Neg", {dy}));
  if (op == "Abs") return b.give(0, times(dy, b.add("Sign", {x})));
  if (op == "Exp") return b.give(0, times(dy, y));
  if (op == "Log") return b.give(0, b.add("Div", {dy, x}));
  if (op == "Sqrt") return b.give(0, b.add("Div", {dy, times(y, b.scalar(2))}));
  if (op == "Reciprocal") return b.give(0, times(b.add("Neg", {dy}), times(y, y)));
  if (op == "Sin") return b.give(0, times(dy, b.add("Cos", {x})));
  if (op == "Cos") return b.give(0, times(dy, b.add("Neg", {b.add("Sin", {x})})));
  if (op == "Tan") return b.give(0, times(dy, b.add("Add", {times(y, y), b.scalar(1)})));
  if (op == "Erf") {  // 2 / sqrt(pi) exp(-x^2)
    const auto slope = times(b.add("Exp", {b.add("Neg", {times(x, x)})}), b.scalar(1.1283791670955126));
    return b.give(0, times(dy, slope));
  }
  b.give_up();
}

/// Gradients of input and slope; that of the slope is summed over what shares it.
void prelu(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.add("com.microsoft.LeakyReluGrad", {b.gradient(), b.input(0)}));
  if (b.wants(1)) b.give(1, b.add("Mul", {b.gradient(), b.add("Min", {b.input(0), b.scalar(0)})}));
}

void activation(BackwardBuilder& b) {
  const GradientActivation* known = gradient_activation(b.layer().op);
  const auto& items = b.layer().attributes.items();
  if (!known) return b.give_up();
  const bool biased = b.wants(1) && b.layer().op == "com.microsoft.FastGelu";
  if (!b.wants(0) && !biased) return;
  const auto dx = b.add(known->op, {b.gradient(), known->from_output ? b.output() : b.input(0)}, {items.begin(), items.end()});
  if (b.wants(0)) b.give(0, dx);
  if (biased) b.give(1, dx);
}

}  // namespace wattlayer::backward_rules
