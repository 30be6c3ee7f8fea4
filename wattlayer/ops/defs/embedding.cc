#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Elements picked by an index, and elements put at an index.
namespace wattlayer {
namespace {

using rules::require;

/// Only the picked elements are read, not the whole table.
Cost pick_cost(const Layer& layer) { return rules::part_moved(layer, 2); }

void gather_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& x = layer.input(0);
  const Tensor& index = layer.input(1);
  const int64_t axis = rules::axis(layer.attributes.integer("axis", 0), x.rank());
  Shape out(x.shape.begin(), x.shape.begin() + axis);
  out.insert(out.end(), index.shape.begin(), index.shape.end());
  out.insert(out.end(), x.shape.begin() + axis + 1, x.shape.end());
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

void fold_gather(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const Tensor& x = layer.input(0);
  const auto indices = fold::integers(layer, 1);
  if (!indices) return;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()));
  const int64_t inner = fold::small_count(Shape(x.shape.begin() + static_cast<ptrdiff_t>(axis) + 1, x.shape.end())).value_or(0);
  const int64_t outer = fold::small_count(Shape(x.shape.begin(), x.shape.begin() + static_cast<ptrdiff_t>(axis))).value_or(0);
  std::vector<int64_t> picked;
  for (int64_t row = 0; row < outer; ++row)
    for (int64_t i : *indices) {
      const auto at = fold::wrapped(i, x.shape[axis]);
      if (!at) return;
      for (int64_t j = 0; j < inner; ++j) picked.push_back((row * x.shape[axis] + *at) * inner + j);
    }
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), picked));
}

}  // namespace

const std::vector<Operator>& embedding_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Gather",
          .family = Family::embedding,
          .summary = "slices along an axis picked by indices; reads the picked slices, not the whole table",
          .shapes = gather_shapes,
          .cost = pick_cost,
          .fold = fold_gather,
          .attributes = {{"axis", "0"}},
          .run = {"aten::embedding"},
          .calls = aten::gather,
          .examples = {"Gather 30522x768 i64:1x128 const=0", "Gather 4x8 [-1]@scalar axis=1"},
          .backward = backward_rules::pick,
      },
  };
  return operators;
}

}  // namespace wattlayer
