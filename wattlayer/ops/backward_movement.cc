#include <algorithm>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"

namespace wattlayer::backward_rules {

void reshape(BackwardBuilder& b) {
  if (b.wants(0)) b.give(0, b.reshape(b.gradient(), b.layer().input(0).shape));
}

void transpose(BackwardBuilder& b) {
  const std::vector<int64_t> perm = b.layer().attributes.integers("perm");
  std::vector<int64_t> inverse(perm.size());
  const auto rank = static_cast<int64_t>(perm.size());
  for (size_t i = 0; i < perm.size(); ++i)
    inverse.at(static_cast<size_t>(perm[i] < 0 ? perm[i] + rank : perm[i])) = static_cast<int64_t>(i);
  b.give(0, b.add("Transpose", {b.gradient()}, {{"perm", inverse}}));
}

namespace {

/// Every element gets the gradient of the sum that it went into.
GradientOperand spread(BackwardBuilder& b) {
  const Shape& x = b.layer().input(0).shape;
  Shape kept = x;
  const auto axes = b.layer().has_input(1) ? fold::integers(b.layer(), 1) : std::nullopt;
  const auto rank = static_cast<int64_t>(x.size());
  if (axes && !axes->empty())
    for (int64_t a : *axes) kept.at(static_cast<size_t>(a < 0 ? a + rank : a)) = 1;
  else if (b.layer().attributes.integer("noop_with_empty_axes", 0) == 0) kept.assign(x.size(), 1);
  return b.add("Expand", {b.reshape(b.gradient(), kept), b.integers(x)});
}

}  // namespace

void reduce_sum(BackwardBuilder& b) { b.give(0, spread(b)); }

void reduce_mean(BackwardBuilder& b) {
  const double share = b.layer().input(0).elements() / std::max(1.0, b.layer().output(0).elements());
  b.give(0, b.add("Div", {spread(b), b.scalar(share)}));
}

void dropout(BackwardBuilder& b) {
  if (!b.wants(0)) return;
  if (b.layer().attributes.integer("training_mode", 0) == 0) return b.give(0, b.gradient());
  b.give(0, b.add("com.microsoft.DropoutGrad", {b.gradient(), b.output(1)}));
}

}  // namespace wattlayer::backward_rules
