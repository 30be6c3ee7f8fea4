#include <algorithm>

#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Sequences of tensors. A sequence stands as one tensor with its length in front: three of 1x64 are 3x1x64, an empty one is 0.
// Tensors of different shape stand at their largest dimensions, as a bound. An optional is its tensor.
namespace wattlayer {
namespace {

using rules::require;

Shape without_first(const Shape& shape) { return shape.empty() ? Shape{} : Shape(shape.begin() + 1, shape.end()); }

bool is_empty(const Tensor& sequence) { return sequence.shape.empty() || sequence.shape[0] == 0; }

/// The largest dimensions of two elements; tells by `differ` whether it is only a bound. Ranks may differ only at run time.
Shape larger(const Layer& layer, Shape a, const Shape& b, bool& differ) {
  if (a == b) return a;
  differ = true;
  require(a.size() == b.size(), layer,
          "tensors of " + rules::text(a) + " and " + rules::text(b) + " in one sequence; their rank must agree");
  for (size_t i = 0; i < a.size(); ++i) a[i] = std::max(a[i], b[i]);
  return a;
}

void set_sequence(Layer& layer, int64_t length, const Shape& element, DataType dtype, bool bounded) {
  Shape out = {length};
  if (length > 0) out.insert(out.end(), element.begin(), element.end());
  rules::set_output(layer, 0, std::move(out), dtype);
  layer.outputs[0].bounded = layer.outputs[0].bounded || bounded;
}

void construct_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  Shape element = layer.input(0).shape;
  bool differ = false;
  for (const Tensor& x : layer.inputs) element = larger(layer, element, x.shape, differ);
  set_sequence(layer, static_cast<int64_t>(layer.inputs.size()), element, layer.input(0).dtype, differ);
}

void empty_shapes(Layer& layer) { rules::set_output(layer, 0, {0}, rules::type_attribute(layer, "to", DataType::f32)); }

void insert_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& sequence = layer.input(0);
  const Tensor& x = layer.input(1);
  if (is_empty(sequence)) return set_sequence(layer, 1, x.shape, x.dtype, false);
  bool differ = false;
  const Shape element = larger(layer, without_first(sequence.shape), x.shape, differ);
  set_sequence(layer, rules::sum(sequence.shape[0], 1), element, sequence.dtype, differ);
}

void erase_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& sequence = layer.input(0);
  require(!is_empty(sequence), layer, "expected a sequence of one tensor or more, found an empty one");
  set_sequence(layer, sequence.shape[0] - 1, without_first(sequence.shape), sequence.dtype, false);
}

/// The shape of an element of an empty sequence is not known.
void at_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  if (is_empty(layer.input(0))) return rules::unknown(layer);
  rules::set_output(layer, 0, without_first(layer.input(0).shape), layer.input(0).dtype);
}

/// A sequence of tensors whose values are all known, in order.
void fold_construct(Layer& layer) {
  if (!fold::ready(layer, layer.inputs.size())) return;
  Value joined;
  joined.is_real = is_float(layer.output(0).dtype);
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const Value& x = *fold::input(layer, i);
    joined.reals.insert(joined.reals.end(), x.reals.begin(), x.reals.end());
    joined.integers.insert(joined.integers.end(), x.integers.begin(), x.integers.end());
  }
  fold::set(layer, 0, std::move(joined));
}

/// Pieces of one size; what is left over at the end would need tensors of two shapes.
void fold_split(Layer& layer) {
  const Value* x = fold::input(layer, 0);
  if (!x || x->size() == 0 || !layer.output(0).known || layer.output(0).bounded) return;
  const Shape& from = layer.input(0).shape;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.input(0).rank()));
  const auto step = fold::strides(from);
  const int64_t pieces = layer.output(0).shape[0];
  Shape piece = from;
  piece[axis] = pieces > 0 && from[axis] % pieces == 0 ? from[axis] / pieces : 0;
  std::vector<int64_t> index;
  for (int64_t p = 0; p < pieces; ++p)
    fold::each_position(piece, [&](const Shape& position) {
      int64_t at = p * piece[axis] * step[axis];
      for (size_t d = 0; d < position.size(); ++d) at += position[d] * step[d];
      index.push_back(at);
    });
  fold::set(layer, 0, fold::pick(*x, index));
}

/// Where all tensors are equal, it does not matter which one is asked for: in a loop the position is not known.
void fold_at(Layer& layer) {
  const Value* all = fold::input(layer, 0);
  if (!all || !layer.output(0).known || layer.input(0).bounded) return;
  const int64_t length = layer.input(0).shape[0], width = fold::small_count(layer.output(0).shape).value_or(0);
  if (length < 1 || width < 1) return;
  const auto asked = fold::integers(layer, 1);
  const auto place = asked && asked->size() == 1 ? fold::wrapped(asked->front(), length) : std::nullopt;
  std::vector<int64_t> index;
  for (int64_t i = 0; i < width; ++i) index.push_back(place.value_or(0) * width + i);
  const Value picked = fold::pick(*all, index);
  for (int64_t n = 1; n < length && !place; ++n) {
    for (int64_t& i : index) i += width;
    if (fold::pick(*all, index) != picked) return;
  }
  fold::set(layer, 0, picked);
}

void length_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 1);
  rules::set_output(layer, 0, {}, DataType::i64);
}

void fold_length(Layer& layer) {
  if (layer.output(0).known) fold::set(layer, 0, Value::of(std::vector<int64_t>{layer.input(0).shape[0]}));
}

void concat_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& sequence = layer.input(0);
  if (is_empty(sequence)) return rules::unknown(layer);
  Shape out = without_first(sequence.shape);
  const bool stack = layer.attributes.integer("new_axis", 0) != 0;
  const int64_t rank = static_cast<int64_t>(out.size()) + (stack ? 1 : 0);
  const int64_t axis = rules::axis(layer.attributes.integer("axis", 0), rank);
  if (stack) out.insert(out.begin() + axis, sequence.shape[0]);
  else out[static_cast<size_t>(axis)] = rules::product(out[static_cast<size_t>(axis)], sequence.shape[0]);
  rules::set_output(layer, 0, std::move(out), sequence.dtype);
}

/// Pieces of one size (a scalar, 1 when absent; the last may be smaller) or of given sizes.
void split_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()));
  const int64_t size = x.shape[axis];
  const auto sizes = fold::integers(layer, 1);
  if (layer.has_input(1) && !sizes) return rules::unknown(layer);
  Shape element = x.shape;
  int64_t length = size, largest = 1;
  bool differ = false;
  if (sizes && layer.input(1).rank() == 0) {
    require(sizes->front() > 0, layer, "expected pieces of 1 or more, found " + std::to_string(sizes->front()));
    largest = std::min(size, sizes->front());
    length = size / sizes->front() + (size % sizes->front() != 0);
    differ = size % sizes->front() != 0;
  } else if (sizes) {
    length = static_cast<int64_t>(sizes->size());
    largest = sizes->empty() ? 0 : *std::max_element(sizes->begin(), sizes->end());
    differ = std::any_of(sizes->begin(), sizes->end(), [&](int64_t s) { return s != largest; });
    require(largest >= 0, layer, "expected pieces of 0 or more, found " + rules::text(*sizes));
  }
  element[axis] = largest;
  if (!layer.has_input(1) && layer.attributes.integer("keepdims", 1) == 0)
    element.erase(element.begin() + static_cast<ptrdiff_t>(axis));
  set_sequence(layer, length, element, x.dtype, differ);
}

void optional_shapes(Layer& layer) {
  if (layer.has_input(0)) rules::same_as_input(layer);
  else rules::unknown(layer);
}

void has_element_shapes(Layer& layer) {
  if (layer.outputs.empty()) layer.outputs.emplace_back();
  rules::set_output(layer, 0, {}, DataType::boolean);
}

void fold_has_element(Layer& layer) { fold::set(layer, 0, Value::of(std::vector<int64_t>{layer.has_input(0)})); }

Cost copy_cost(const Layer& layer) { return rules::moved(layer, 1); }

/// Elements are handed over by reference.
Cost view_cost(const Layer& layer) { return rules::view(layer); }

}  // namespace

const std::vector<Operator>& sequence_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "SequenceConstruct",
          .family = Family::sequence,
          .summary = "a sequence of the inputs, by reference; nothing moves",
          .shapes = construct_shapes,
          .cost = view_cost,
          .fold = fold_construct,
          .examples = {"SequenceConstruct 1x64 1x64"},
      },
      {
          .name = "SequenceEmpty",
          .family = Family::sequence,
          .summary = "a sequence without tensors; nothing moves",
          .shapes = empty_shapes,
          .cost = view_cost,
          .normalize = [](Layer& layer, int) { rules::name_type(layer, "dtype"); },
          .attributes = {{"to", "f32"}},
          .examples = {"SequenceEmpty"},
      },
      {
          .name = "SequenceInsert",
          .family = Family::sequence,
          .summary = "a sequence with one more tensor, by reference; nothing moves",
          .shapes = insert_shapes,
          .cost = view_cost,
          .examples = {"SequenceInsert 3x1x64 1x64", "SequenceInsert 0 1x64 [0]@scalar"},
      },
      {
          .name = "SequenceErase",
          .family = Family::sequence,
          .summary = "a sequence with one tensor less, by reference; nothing moves",
          .shapes = erase_shapes,
          .cost = view_cost,
          .examples = {"SequenceErase 3x1x64"},
      },
      {
          .name = "SequenceAt",
          .family = Family::sequence,
          .summary = "one tensor of a sequence, by reference; nothing moves",
          .shapes = at_shapes,
          .cost = view_cost,
          .fold = fold_at,
          .examples = {"SequenceAt 3x1x64 i64:scalar"},
      },
      {
          .name = "SequenceLength",
          .family = Family::sequence,
          .summary = "number of tensors of a sequence; nothing moves",
          .shapes = length_shapes,
          .cost = view_cost,
          .fold = fold_length,
          .examples = {"SequenceLength 3x1x64"},
      },
      {
          .name = "ConcatFromSequence",
          .family = Family::copy,
          .summary = "joins the tensors of a sequence along an axis or a new one; every element is read and written",
          .shapes = concat_shapes,
          .cost = copy_cost,
          .attributes = {{"axis"}, {"new_axis", "0"}},
          .examples = {"ConcatFromSequence 3x1x64 axis=0", "ConcatFromSequence 3x1x64 axis=-1 new_axis=1"},
      },
      {
          .name = "SplitToSequence",
          .family = Family::copy,
          .summary = "pieces along an axis as a sequence; every element is read and written",
          .shapes = split_shapes,
          .cost = copy_cost,
          .fold = fold_split,
          .attributes = {{"axis", "0"}, {"keepdims", "1"}},
          .examples = {"SplitToSequence 6x64 [2]@scalar", "SplitToSequence 6x64 keepdims=0"},
      },
      {
          .name = "Optional",
          .family = Family::sequence,
          .summary = "the input wrapped as an optional; nothing moves",
          .shapes = optional_shapes,
          .cost = view_cost,
          .examples = {"Optional 1x64"},
      },
      {
          .name = "OptionalGetElement",
          .family = Family::sequence,
          .summary = "the tensor of an optional; nothing moves",
          .shapes = optional_shapes,
          .cost = view_cost,
          .examples = {"OptionalGetElement 1x64"},
      },
      {
          .name = "OptionalHasElement",
          .family = Family::sequence,
          .summary = "whether an optional has a tensor; nothing moves",
          .shapes = has_element_shapes,
          .cost = view_cost,
          .fold = fold_has_element,
          .examples = {"OptionalHasElement 1x64"},
      },
  };
  return operators;
}

}  // namespace wattlayer
