#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Copies: every output element is an input element at another place.
namespace wattlayer {
namespace {

using rules::require;

/// Input 0 is read whole and written; the other inputs are axes, shapes and the like.
Cost copy_cost(const Layer& layer) { return rules::moved(layer, 1); }

void transpose_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  Shape out;
  if (!layer.attributes.has("perm")) {
    out.assign(x.shape.rbegin(), x.shape.rend());
  } else {
    const auto perm = layer.attributes.integers("perm");
    require(static_cast<int64_t>(perm.size()) == x.rank(), layer,
            "perm has " + std::to_string(perm.size()) + " axes, the input " + rules::text(x.shape) + " has " +
                std::to_string(x.rank()));
    std::vector<bool> used(perm.size(), false);
    for (int64_t p : perm) {
      const auto i = static_cast<size_t>(rules::axis(p, x.rank()));
      require(!used[i], layer, "perm names axis " + std::to_string(p) + " twice");
      used[i] = true;
      out.push_back(x.shape[i]);
    }
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

/// Without perm the axes are reversed; written out, so that equal layers have one text form.
void normalize_transpose(Layer& layer, int) {
  if (layer.attributes.has("perm") || !layer.input(0).present || !layer.input(0).known) return;
  std::vector<int64_t> perm;
  for (int64_t i = layer.input(0).rank(); i-- > 0;) perm.push_back(i);
  layer.attributes.set("perm", perm);
}

void fold_transpose(Layer& layer) {
  if (!fold::ready(layer)) return;
  const Shape& from = layer.input(0).shape;
  const auto step = fold::strides(from);
  auto perm = layer.attributes.integers("perm");
  if (perm.size() != from.size()) return;
  for (int64_t& p : perm) p = rules::axis(p, layer.input(0).rank());
  std::vector<int64_t> index;
  fold::each_position(layer.output(0).shape, [&](const Shape& position) {
    int64_t i = 0;
    for (size_t d = 0; d < perm.size(); ++d) i += position[d] * step[static_cast<size_t>(perm[d])];
    index.push_back(i);
  });
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

/// PyTorch joins an empty list to tensors of any rank, and exports it so; runtimes accept it too.
bool is_empty_list(const Tensor& x) { return x.present && x.shape == Shape{0}; }

void concat_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  auto first = std::find_if_not(layer.inputs.begin(), layer.inputs.end(), is_empty_list);
  if (first == layer.inputs.end()) first = layer.inputs.begin();
  Shape out = first->shape;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), first->rank()));
  for (auto x = std::next(first); x != layer.inputs.end(); ++x) {
    if (is_empty_list(*x)) continue;
    bool fits = x->present && x->shape.size() == out.size();
    for (size_t d = 0; fits && d < out.size(); ++d) fits = d == axis || x->shape[d] == out[d] || x->bounded || first->bounded;
    require(fits, layer,
            "cannot join " + rules::text(x->shape) + " to " + rules::text(out) + " along axis " + std::to_string(axis));
    out[axis] = rules::sum(out[axis], x->shape[axis]);
  }
  rules::set_output(layer, 0, std::move(out), first->dtype);
}

void fold_concat(Layer& layer) {
  if (!fold::ready(layer, layer.inputs.size())) return;
  const Shape& out = layer.output(0).shape;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.output(0).rank()));
  size_t rows = fold::small_count(out) == 0 ? 0 : 1;
  for (size_t d = 0; d < axis; ++d) rows *= static_cast<size_t>(out[d]);
  Value joined;
  joined.is_real = is_float(layer.output(0).dtype);
  for (size_t row = 0; row < rows; ++row)
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      const Value& x = *fold::input(layer, i);
      if (x.size() == 0) continue;
      if (x.is_real != joined.is_real) return;
      const auto width = static_cast<ptrdiff_t>(x.size() / rows), first = static_cast<ptrdiff_t>(row) * width;
      if (x.is_real) joined.reals.insert(joined.reals.end(), x.reals.begin() + first, x.reals.begin() + first + width);
      else joined.integers.insert(joined.integers.end(), x.integers.begin() + first, x.integers.begin() + first + width);
    }
  fold::set(layer, 0, std::move(joined));
}

/// The sizes of the pieces: given, or equal ones of which the last may be smaller.
std::optional<std::vector<int64_t>> pieces(const Layer& layer, int64_t size) {
  if (layer.has_input(1)) return fold::integers(layer, 1);
  const int64_t count = layer.attributes.integer("num_outputs", static_cast<int64_t>(layer.outputs.size()));
  require(count > 0 && count == static_cast<int64_t>(layer.outputs.size()), layer,
          "num_outputs is " + std::to_string(count) + ", the node has " + std::to_string(layer.outputs.size()) + " outputs");
  const int64_t piece = size / count + (size % count != 0);
  std::vector<int64_t> out;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(std::min(piece, size));
    size -= out.back();
  }
  return out;
}

void split_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()));
  const auto split = pieces(layer, x.shape[axis]);
  if (!split) return rules::unknown(layer);
  int64_t sum = 0;
  for (int64_t s : *split) {
    require(s >= 0, layer, "a piece of " + std::to_string(s));
    sum = rules::sum(sum, s);
  }
  require(layer.outputs.size() <= split->size(), layer,
          std::to_string(split->size()) + " pieces for " + std::to_string(layer.outputs.size()) + " outputs");
  require(sum == x.shape[axis] || x.bounded, layer,
          "pieces sum to " + std::to_string(sum) + ", the input has " + std::to_string(x.shape[axis]));
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    Shape out = x.shape;
    out[axis] = (*split)[i];
    rules::set_output(layer, i, std::move(out), x.dtype);
  }
}

void fold_split(Layer& layer) {
  const Value* value = fold::input(layer, 0);
  if (!value || !layer.output(0).known) return;
  const Shape& from = layer.input(0).shape;
  const auto step = fold::strides(from);
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.input(0).rank()));
  int64_t start = 0;
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    const Shape shape = layer.outputs[i].shape;
    if (start + shape[axis] > from[axis]) return;
    std::vector<int64_t> index;
    fold::each_position(shape, [&](const Shape& position) {
      int64_t at = start * step[axis];
      for (size_t d = 0; d < position.size(); ++d) at += position[d] * step[d];
      index.push_back(at);
    });
    fold::set(layer, i, fold::pick(*value, index));
    start += shape[axis];
  }
}

/// Opset 11 had the sizes as an attribute.
void normalize_split(Layer& layer, int) {
  fold::attribute_to_input(layer, "split", 1);
  layer.attributes.erase("num_outputs");
}

/// One axis of a slice after clamping: elements start, start + step, ... ; count of them.
struct Cut {
  int64_t start = 0, step = 1, count = 0;
};

/// Clamps as the specification says; INT64_MAX as end means "to the end", INT64_MIN with a negative step "through the first".
Cut cut(const Layer& layer, int64_t start, int64_t end, int64_t step, int64_t size) {
  require(step != 0, layer, "expected a step other than 0");
  if (start < 0) start += size;
  if (end < 0) end += size;
  const bool forward = step > 0;
  start = std::clamp<int64_t>(start, 0, forward ? size : std::max<int64_t>(size - 1, 0));
  end = std::clamp<int64_t>(end, forward ? 0 : -1, forward ? size : size - 1);
  const int64_t distance = forward ? end - start : start - end;
  if (distance <= 0 || size == 0) return {start, step, 0};
  const uint64_t stride = forward ? static_cast<uint64_t>(step) : ~static_cast<uint64_t>(step) + 1;
  return {start, step, static_cast<int64_t>((static_cast<uint64_t>(distance) - 1) / stride) + 1};
}

/// What a Slice takes of each dimension; nothing when a starts, ends, axes or steps value is not known.
std::optional<std::vector<Cut>> cuts(const Layer& layer) {
  const Tensor& x = layer.input(0);
  const auto starts = fold::integers(layer, 1), ends = fold::integers(layer, 2);
  const auto axes = fold::integers(layer, 3), steps = fold::integers(layer, 4);
  if (!starts || !ends || (layer.has_input(3) && !axes) || (layer.has_input(4) && !steps)) return std::nullopt;
  require(
      starts->size() == ends->size() && (!axes || axes->size() == starts->size()) && (!steps || steps->size() == starts->size()),
      layer,
      "starts, ends, axes and steps must have the same length, found " + std::to_string(starts->size()) + " and " +
          std::to_string(ends->size()));
  std::vector<Cut> out;
  for (int64_t d : x.shape) out.push_back({0, 1, d});
  std::vector<bool> used(out.size(), false);
  for (size_t i = 0; i < starts->size(); ++i) {
    const auto axis = static_cast<size_t>(rules::axis(axes ? (*axes)[i] : static_cast<int64_t>(i), x.rank()));
    require(!used[axis], layer, "axis " + std::to_string(axis) + " is named twice");
    used[axis] = true;
    out[axis] = cut(layer, (*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1, x.shape[axis]);
  }
  return out;
}

/// Bounds that are computed at run time leave each dimension at most as large as it was.
void slice_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  const Tensor& x = layer.input(0);
  const auto taken = cuts(layer);
  Shape out;
  if (taken)
    for (const Cut& c : *taken) out.push_back(c.count);
  else out = x.shape;
  rules::set_output(layer, 0, std::move(out), x.dtype);
  if (!taken) layer.outputs[0].bounded = true;
}

void fold_slice(Layer& layer) {
  if (!fold::ready(layer)) return;
  const auto taken = cuts(layer);
  if (!taken) return;
  const auto step = fold::strides(layer.input(0).shape);
  std::vector<int64_t> index;
  fold::each_position(layer.output(0).shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < position.size(); ++d) at += ((*taken)[d].start + position[d] * (*taken)[d].step) * step[d];
    index.push_back(at);
  });
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

/// Opset 9 had starts, ends and axes as attributes.
void normalize_slice(Layer& layer, int) {
  if (layer.attributes.has("axes")) {
    fold::attribute_to_input(layer, "starts", 1);
    fold::attribute_to_input(layer, "ends", 2);
    fold::attribute_to_input(layer, "axes", 3);
  }
  fold::attribute_to_input(layer, "starts", 1);
  fold::attribute_to_input(layer, "ends", 2);
}

void expand_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto target = fold::integers(layer, 1);
  if (!target) return rules::unknown(layer);
  for (int64_t d : *target) require(d >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(*target));
  rules::set_output(layer, 0, rules::broadcast(layer.input(0).shape, *target), layer.input(0).dtype);
}

void fold_expand(Layer& layer) {
  if (!fold::ready(layer)) return;
  const auto index = fold::broadcast_index(layer.input(0).shape, layer.output(0).shape);
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

void tile_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const auto repeats = fold::integers(layer, 1);
  if (!repeats) return rules::unknown(layer);
  Shape out = layer.input(0).shape;
  require(repeats->size() == out.size(), layer,
          "expected " + std::to_string(out.size()) + " repeats, found " + std::to_string(repeats->size()));
  for (size_t i = 0; i < out.size(); ++i) {
    require((*repeats)[i] >= 0, layer, "expected repeats of 0 or more, found " + std::to_string((*repeats)[i]));
    out[i] = rules::product(out[i], (*repeats)[i]);
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

void fold_tile(Layer& layer) {
  if (!fold::ready(layer)) return;
  const Shape& from = layer.input(0).shape;
  const auto step = fold::strides(from);
  std::vector<int64_t> index;
  fold::each_position(layer.output(0).shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < position.size(); ++d) at += position[d] % from[d] * step[d];
    index.push_back(at);
  });
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

}  // namespace

const std::vector<Operator>& copy_operators() {
  static const RunArgument self = {.parameter = "self"};
  static const std::vector<Operator> operators = {
      {
          .name = "Transpose",
          .family = Family::copy,
          .summary = "axes in another order; every element is read and written",
          .shapes = transpose_shapes,
          .cost = copy_cost,
          .fold = fold_transpose,
          .normalize = normalize_transpose,
          .attributes = {{"perm"}},
          .run = {"aten::permute"},
          .calls = aten::transpose,
          .examples = {"Transpose 1x128x12x64 perm=0,2,1,3"},
          .backward = backward_rules::transpose,
      },
      {
          .name = "Concat",
          .family = Family::copy,
          .summary = "joins tensors along an axis; every element is read and written",
          .shapes = concat_shapes,
          .cost = [](const Layer& layer) { return rules::moved(layer); },
          .fold = fold_concat,
          .attributes = {{"axis"}},
          .run = {"aten::cat",
                  {{.parameter = "tensors", .source = RunArgument::Source::inputs_from},
                   {.parameter = "dim", .source = RunArgument::Source::attribute, .attribute = "axis"}}},
          .examples = {"Concat 1x64x56x56 1x32x56x56 axis=1"},
          .backward = backward_rules::concat,
      },
      {
          .name = "Split",
          .family = Family::copy,
          .summary = "pieces along an axis, equal ones unless sizes are given; every element is read and written",
          .shapes = split_shapes,
          .cost = copy_cost,
          .fold = fold_split,
          .normalize = normalize_split,
          .attributes = {{"axis", "0"}},
          .run = {"aten::split_with_sizes"},
          .calls = aten::split,
          .examples = {"Split 1x128x2304 axis=2 outputs=1,1,1", "Split 1x12 [4,8] axis=1 outputs=1,1"},
          .backward = backward_rules::split,
      },
      {
          .name = "Slice",
          .family = Family::copy,
          .summary = "start:end:step along some axes; what is kept is read and written",
          .shapes = slice_shapes,
          .cost = [](const Layer& layer) { return rules::part_moved(layer); },
          .fold = fold_slice,
          .normalize = normalize_slice,
          .run = {"aten::slice.Tensor"},
          .calls = aten::slice,
          .examples = {"Slice 1x197x768 [0] [1] [1]",
                       "Slice 1x3x224x224 [-1,0] [-9223372036854775808,9223372036854775807] [2,3] [-1,2]"},
          .backward = backward_rules::pick,
      },
      {
          .name = "Expand",
          .family = Family::copy,
          .summary = "broadcasts to a shape; reads the input, writes the output",
          .shapes = expand_shapes,
          .cost = copy_cost,
          .fold = fold_expand,
          .run = {"aten::expand", {self, {.parameter = "size", .source = RunArgument::Source::output_shape}}},
          .examples = {"Expand 1x1x128 [4,128,128]"},
          .backward = backward_rules::expand,
      },
      {
          .name = "Tile",
          .family = Family::copy,
          .summary = "repeats the input along each axis; reads the input, writes the output",
          .shapes = tile_shapes,
          .cost = copy_cost,
          .fold = fold_tile,
          .run = {"aten::repeat", {self, {.parameter = "repeats", .source = RunArgument::Source::input_value, .index = 1}}},
          .examples = {"Tile 1x1x768 [1,4,1]"},
          .backward = backward_rules::tile,
      },
  };
  return operators;
}

}  // namespace wattlayer
