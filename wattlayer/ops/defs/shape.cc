#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Views: the elements stay where they are, only shape or name change.
namespace wattlayer {
namespace {

using rules::require;

/// A view keeps all values in their order.
void fold_same(Layer& layer) {
  if (const Value* x = fold::input(layer, 0)) fold::set(layer, 0, *x);
}

/// Only input 0 is a tensor, the others are axes and shapes.
Cost view_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.input_bytes = c.weight_bytes = c.output_bytes = 0;
  return c;
}

/// Dimension -1 is what the others leave; 0 copies the input's dimension unless allowzero.
void reshape_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto target = fold::integers(layer, 1);
  if (!target) return rules::unknown(layer);
  const Tensor& x = layer.input(0);
  const bool allow_zero = layer.attributes.integer("allowzero", 0) != 0;
  Shape out = *target;
  int64_t rest = -1, known = 1;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !allow_zero) {
      require(i < x.shape.size(), layer,
              "dimension " + std::to_string(i) + " copies one that " + rules::text(x.shape) + " does not have");
      out[i] = x.shape[i];
    }
    require(out[i] >= -1 && (out[i] != -1 || rest < 0), layer,
            "expected dimensions of 0 or more and at most one -1, found " + rules::text(*target));
    if (out[i] == -1) rest = static_cast<int64_t>(i);
    else known = rules::product(known, out[i]);
  }
  const int64_t total = rules::product(x.shape);
  const bool fits = rest < 0 ? total == known : known != 0 ? total % known == 0 : total == 0;
  require(fits || x.bounded, layer, "cannot reshape " + rules::text(x.shape) + " to " + rules::text(*target));
  if (rest >= 0) out[static_cast<size_t>(rest)] = known == 0 ? 0 : total / known + (total % known != 0);
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

void flatten_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  int64_t axis = layer.attributes.integer("axis", 1);
  require(axis >= -x.rank() && axis <= x.rank(), layer, "axis " + std::to_string(axis) + " is outside " + rules::text(x.shape));
  if (axis < 0) axis += x.rank();
  const Shape before(x.shape.begin(), x.shape.begin() + axis), after(x.shape.begin() + axis, x.shape.end());
  rules::set_output(layer, 0, {rules::product(before), rules::product(after)}, x.dtype);
}

void axes_as_input(Layer& layer, int) { fold::attribute_to_input(layer, "axes", 1); }

/// True for each dimension named in axes, which may be negative and must differ.
std::vector<bool> marked(const Layer& layer, const std::vector<int64_t>& axes, int64_t rank) {
  std::vector<bool> mark(static_cast<size_t>(rank), false);
  for (int64_t a : axes) {
    const auto i = static_cast<size_t>(rules::axis(a, rank));
    require(!mark[i], layer, "axis " + std::to_string(a) + " is named twice");
    mark[i] = true;
  }
  return mark;
}

void squeeze_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  Shape out;
  if (!layer.has_input(1)) {
    std::copy_if(x.shape.begin(), x.shape.end(), std::back_inserter(out), [](int64_t d) { return d != 1; });
  } else {
    const auto axes = fold::integers(layer, 1);
    if (!axes) return rules::unknown(layer);
    const auto mark = marked(layer, *axes, x.rank());
    for (size_t i = 0; i < x.shape.size(); ++i) {
      require(!mark[i] || x.shape[i] == 1, layer, "dimension " + std::to_string(i) + " of " + rules::text(x.shape) + " is not 1");
      if (!mark[i]) out.push_back(x.shape[i]);
    }
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

void unsqueeze_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto axes = fold::integers(layer, 1);
  if (!axes) return rules::unknown(layer);
  const Tensor& x = layer.input(0);
  const auto mark = marked(layer, *axes, x.rank() + static_cast<int64_t>(axes->size()));
  Shape out;
  auto next = x.shape.begin();
  for (bool inserted : mark) out.push_back(inserted ? 1 : *next++);
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

void dropout_shapes(Layer& layer) {
  rules::same_as_input(layer);
  if (layer.outputs.size() > 1 && layer.output(0).known) rules::set_output(layer, 1, layer.input(0).shape, DataType::boolean);
}

/// In training a mask of random bits is drawn and kept; what it lets through is scaled.
Cost dropout_cost(const Layer& layer) {
  if (layer.attributes.integer("training_mode", 0) == 0) return view_cost(layer);
  Cost c = rules::moved(layer, 1);
  c.flops = 3 * layer.input(0).elements();
  return c;
}

void drop_at_random(Layer& layer) {
  layer.attributes.set("training_mode", int64_t{1});
  layer.outputs.resize(2);
}

void shape_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const int64_t rank = layer.input(0).rank();
  auto clamp = [rank](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t start = clamp(layer.attributes.integer("start", 0)), end = clamp(layer.attributes.integer("end", rank));
  rules::set_output(layer, 0, {std::max<int64_t>(0, end - start)}, DataType::i64);
}

void fold_shape(Layer& layer) {
  if (!layer.output(0).known) return;
  const Shape& shape = layer.input(0).shape;
  const int64_t start = layer.attributes.integer("start", 0), rank = layer.input(0).rank();
  const auto first = shape.begin() + std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  const auto count = layer.output(0).shape[0];
  fold::set(layer, 0, Value::of(std::vector<int64_t>(first, first + count)));
}

void size_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 1)) rules::set_output(layer, 0, {}, DataType::i64);
}

void fold_size(Layer& layer) {
  if (layer.output(0).known) fold::set(layer, 0, Value::of(std::vector<int64_t>{rules::product(layer.input(0).shape)}));
}

}  // namespace

const std::vector<Operator>& shape_operators() {
  static const RunArgument self = {.parameter = "self"};
  static const std::vector<Operator> operators = {
      {
          .name = "Reshape",
          .family = Family::view,
          .summary = "the same elements in another shape; nothing moves",
          .shapes = reshape_shapes,
          .cost = view_cost,
          .fold = fold_same,
          .attributes = {{"allowzero", "0"}},
          .can_run_in_place = true,
          .run = {"aten::reshape", {self, {.parameter = "shape", .source = RunArgument::Source::output_shape}}},
          .examples = {"Reshape 1x128x768 [0,-1,12,64]", "Reshape 0x10 [0,0] allowzero=1"},
          .backward = backward_rules::reshape,
      },
      {
          .name = "Flatten",
          .family = Family::view,
          .summary = "a matrix of the dimensions before axis by those after; nothing moves",
          .shapes = flatten_shapes,
          .cost = view_cost,
          .fold = fold_same,
          .attributes = {{"axis", "1"}},
          .can_run_in_place = true,
          .run = {"aten::reshape", {self, {.parameter = "shape", .source = RunArgument::Source::output_shape}}},
          .examples = {"Flatten 1x512x7x7"},
          .backward = backward_rules::reshape,
      },
      {
          .name = "Squeeze",
          .family = Family::view,
          .summary = "drops dimensions of 1; nothing moves",
          .shapes = squeeze_shapes,
          .cost = view_cost,
          .fold = fold_same,
          .normalize = axes_as_input,
          .can_run_in_place = true,
          .run = {"aten::reshape", {self, {.parameter = "shape", .source = RunArgument::Source::output_shape}}},
          .examples = {"Squeeze 1x512x1x1 [2,3]", "Squeeze 1x512x1x1"},
          .backward = backward_rules::reshape,
      },
      {
          .name = "Unsqueeze",
          .family = Family::view,
          .summary = "inserts dimensions of 1; nothing moves",
          .shapes = unsqueeze_shapes,
          .cost = view_cost,
          .fold = fold_same,
          .normalize = axes_as_input,
          .can_run_in_place = true,
          .run = {"aten::reshape", {self, {.parameter = "shape", .source = RunArgument::Source::output_shape}}},
          .examples = {"Unsqueeze 1x128 [1,2]"},
          .backward = backward_rules::reshape,
      },
      {
          .name = "com.microsoft.ExpandDims",
          .family = Family::view,
          .summary = "inserts one dimension of 1; nothing moves",
          .shapes = unsqueeze_shapes,
          .cost = view_cost,
          .fold = fold_same,
          .can_run_in_place = true,
          .run = {"aten::reshape", {self, {.parameter = "shape", .source = RunArgument::Source::output_shape}}},
          .examples = {"com.microsoft.ExpandDims 1x128 i32:[1]"},
      },
      {
          .name = "Identity",
          .family = Family::view,
          .summary = "the input itself; nothing moves",
          .shapes = rules::same_as_input,
          .cost = view_cost,
          .fold = fold_same,
          .can_run_in_place = true,
          .run = {"aten::alias", {self}},
          .examples = {"Identity 1x64x56x56"},
          .backward = backward_rules::reshape,
      },
      {
          .name = "Dropout",
          .family = Family::view,
          .summary =
              "the input itself at inference, nothing moves; in training (`training_mode=1`) 3 FLOPs an element and a mask",
          .shapes = dropout_shapes,
          .cost = dropout_cost,
          .fold = fold_same,
          .attributes = {{"training_mode", "0"}},
          .can_run_in_place = true,
          .run = {"aten::native_dropout"},
          .calls = aten::dropout,
          .examples = {"Dropout 1x4096", "Dropout 64x4096 outputs=1,1 training_mode=1"},
          .backward = backward_rules::dropout,
          .train = drop_at_random,
      },
      {
          .name = "Shape",
          .family = Family::view,
          .summary = "dimensions start..end of the input; reads nothing",
          .shapes = shape_shapes,
          .cost = view_cost,
          .fold = fold_shape,
          .attributes = {{"end"}, {"start", "0"}},
          .examples = {"Shape 1x3x224x224", "Shape 1x3x224x224 end=-1 start=1"},
      },
      {
          .name = "Size",
          .family = Family::view,
          .summary = "number of elements of the input; reads nothing",
          .shapes = size_shapes,
          .cost = view_cost,
          .fold = fold_size,
          .examples = {"Size 1x3x224x224"},
      },
  };
  return operators;
}

}  // namespace wattlayer
