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

/// A result of the reduction at every element that went into it.
GradientOperand spread(BackwardBuilder& b, GradientOperand result) {
  const Shape& x = b.layer().input(0).shape;
  Shape kept = x;
  const auto axes = b.layer().has_input(1) ? fold::integers(b.layer(), 1) : std::nullopt;
  const auto rank = static_cast<int64_t>(x.size());
  if (axes && !axes->empty())
    for (int64_t a : *axes) kept.at(static_cast<size_t>(a < 0 ? a + rank : a)) = 1;
  else if (b.layer().attributes.integer("noop_with_empty_axes", 0) == 0) kept.assign(x.size(), 1);
  return b.add("Expand", {b.reshape(result, kept), b.integers(x)});
}

GradientOperand spread(BackwardBuilder& b) { return spread(b, b.gradient()); }

}  // namespace

void reduce_sum(BackwardBuilder& b) { b.give(0, spread(b)); }

void reduce_mean(BackwardBuilder& b) {
  const double share = b.layer().input(0).elements() / std::max(1.0, b.layer().output(0).elements());
  b.give(0, b.add("Div", {spread(b), b.scalar(share)}));
}

/// Elements that are the extreme get the gradient.
void reduce_extreme(BackwardBuilder& b) {
  const auto dy = spread(b);
  const auto hit = b.add("Equal", {b.input(0), spread(b, b.output())});
  b.give(0, b.add("Where", {hit, dy, b.scalar(0)}));
}

/// dx = x (dy / y)
void reduce_l2(BackwardBuilder& b) { b.give(0, b.add("Mul", {b.input(0), spread(b, b.add("Div", {b.gradient(), b.output()}))})); }

/// Sums run the other way.
void running_sum(BackwardBuilder& b) {
  const Attributes& at = b.layer().attributes;
  b.give(0, b.add("CumSum", {b.gradient(), b.input(1)},
                  {{"reverse", int64_t{1} - at.integer("reverse", 0)}, {"exclusive", at.integer("exclusive", 0)}}));
}

void cast(BackwardBuilder& b) { b.give(0, b.add("Cast", {b.gradient()}, {{"to", std::string(name(b.layer().input(0).dtype))}})); }

void expand(BackwardBuilder& b) { b.give(0, b.gradient()); }

/// Each repetition becomes a dimension of its own, which is summed.
void tile(BackwardBuilder& b) {
  const Shape &x = b.layer().input(0).shape, &y = b.layer().output(0).shape;
  Shape parts;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == 0) return b.give_up();
    axes.push_back(static_cast<int64_t>(parts.size()));
    parts.insert(parts.end(), {y[i] / x[i], x[i]});
  }
  b.give(0, b.add("ReduceSum", {b.reshape(b.gradient(), parts), b.integers(axes)}, {{"keepdims", int64_t{0}}}));
}

void concat(BackwardBuilder& b) {
  const int64_t axis = b.layer().attributes.integer("axis", 0);
  const auto place = static_cast<size_t>(axis < 0 ? axis + b.layer().output(0).rank() : axis);
  std::vector<int64_t> sizes;
  std::vector<bool> wanted;
  for (size_t i = 0; i < b.layer().inputs.size(); ++i) {
    const Tensor& x = b.layer().input(i);
    if (place >= x.shape.size()) return b.give_up();
    sizes.push_back(x.shape[place]);
    wanted.push_back(b.wants(i));
  }
  const auto pieces = b.add("Split", {b.gradient(), b.integers(sizes)}, {{"axis", axis}}, wanted);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) b.give(i, b.result(pieces, static_cast<int>(i)));
}

void split(BackwardBuilder& b) {
  std::vector<GradientOperand> pieces;
  for (size_t i = 0; i < b.layer().outputs.size(); ++i) {
    if (!b.layer().outputs[i].present) return b.give_up();
    pieces.push_back(b.gradient(i));
  }
  b.give(0, b.add("Concat", pieces, {{"axis", b.layer().attributes.integer("axis", 0)}}));
}

void pick(BackwardBuilder& b) {
  if (!b.wants(0)) return;
  if (b.layer().op == "Slice") return b.give(0, b.add("com.microsoft.SliceGrad", {b.gradient(), b.input(0)}));
  b.give(0, b.add("com.microsoft." + b.layer().op + "Grad", {b.gradient(), b.input(0), b.input(1)},
                  {{"axis", b.layer().attributes.integer("axis", 0)}}));
}

/// What was in the middle.
void pad(BackwardBuilder& b) {
  if (!b.wants(0)) return;
  const Shape& x = b.layer().input(0).shape;
  const auto pads = fold::integers(b.layer(), 1);
  if (!pads || pads->size() != 2 * x.size()) return b.give_up();
  std::vector<int64_t> starts, ends, axes;
  for (size_t i = 0; i < x.size(); ++i) {
    if ((*pads)[i] < 0 || (*pads)[i + x.size()] < 0) return b.give_up();
    starts.push_back((*pads)[i]), ends.push_back((*pads)[i] + x[i]), axes.push_back(static_cast<int64_t>(i));
  }
  b.give(0, b.add("Slice", {b.gradient(), b.integers(starts), b.integers(ends), b.integers(axes)}));
}

void rearrange(BackwardBuilder& b) {
  const bool to_space = b.layer().op == "DepthToSpace";
  b.give(0, b.add(to_space ? "SpaceToDepth" : "DepthToSpace", {b.gradient()},
                  {{"blocksize", b.layer().attributes.integer("blocksize", 1)}}));
}

void trilu(BackwardBuilder& b) {
  const auto& items = b.layer().attributes.items();
  std::vector<GradientOperand> inputs = {b.gradient()};
  if (b.layer().has_input(1)) inputs.push_back(b.input(1));
  b.give(0, b.add(b.layer().op, inputs, {items.begin(), items.end()}));
}

void dropout(BackwardBuilder& b) {
  if (!b.wants(0)) return;
  if (b.layer().attributes.integer("training_mode", 0) == 0) return b.give(0, b.gradient());
  b.give(0, b.add("com.microsoft.DropoutGrad", {b.gradient(), b.output(1)}));
}

}  // namespace wattlayer::backward_rules
