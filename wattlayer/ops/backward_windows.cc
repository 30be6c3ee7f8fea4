#include "wattlayer/ops/backward_rules.h"

namespace wattlayer::backward_rules {
namespace {

std::vector<Attributes::Item> attributes_of(const BackwardBuilder& b) {
  const auto& items = b.layer().attributes.items();
  return {items.begin(), items.end()};
}

}  // namespace

/// Indices of the forward pass say where each gradient goes.
void max_pool(BackwardBuilder& b) {
  b.give(0, b.add("com.microsoft.MaxPoolGrad", {b.gradient(), b.output(1), b.input(0)}, attributes_of(b)));
}

void average_pool(BackwardBuilder& b) {
  b.give(0, b.add("com.microsoft.AveragePoolGrad", {b.gradient(), b.input(0)}, attributes_of(b)));
}

void resize(BackwardBuilder& b) { b.give(0, b.add("com.microsoft.ResizeGrad", {b.gradient(), b.input(0)})); }

/// The mean over all positions: each takes its share.
void global_average_pool(BackwardBuilder& b) {
  const Shape& x = b.layer().input(0).shape;
  double positions = 1;
  for (size_t i = 2; i < x.size(); ++i) positions *= static_cast<double>(x[i]);
  b.give(0, b.add("Div", {b.add("Expand", {b.gradient(), b.integers(x)}), b.scalar(positions)}));
}

}  // namespace wattlayer::backward_rules
