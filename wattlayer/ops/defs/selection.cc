#include <algorithm>
#include <cmath>
#include <numeric>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Which elements are there, how many, and which are largest: outputs whose size may depend on the values.
namespace wattlayer {
namespace {

using rules::require;

void bound(Layer& layer) {
  for (Tensor& out : layer.outputs) out.bounded = true;
}

std::vector<int64_t> nonzero_places(const Value& x) {
  std::vector<int64_t> places;
  for (size_t i = 0; i < x.size(); ++i)
    if (x.is_real ? x.reals[i] != 0 : x.integers[i] != 0) places.push_back(static_cast<int64_t>(i));
  return places;
}

/// One row a dimension, one column an element that is not zero: at most all of them.
void nonzero_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const Value* value = fold::input(layer, 0);
  const int64_t count = value ? static_cast<int64_t>(nonzero_places(*value).size()) : rules::product(x.shape);
  rules::set_output(layer, 0, {x.rank(), count}, DataType::i64);
  if (!value) bound(layer);
}

void fold_nonzero(Layer& layer) {
  if (!fold::ready(layer)) return;
  const Shape& shape = layer.input(0).shape;
  const auto places = nonzero_places(*fold::input(layer, 0));
  const auto step = fold::strides(shape);
  std::vector<int64_t> out;
  for (size_t d = 0; d < shape.size(); ++d)
    for (int64_t place : places) out.push_back(place / step[d] % shape[d]);
  fold::set(layer, 0, Value::of(std::move(out)));
}

/// Keeps the slices whose condition holds: at most all of them.
void compress_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& x = layer.input(0);
  const auto condition = fold::integers(layer, 1);
  const bool flat = !layer.attributes.has("axis");
  Shape out = flat ? Shape{rules::product(x.shape)} : x.shape;
  int64_t& kept = out[flat ? 0 : static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()))];
  if (condition) kept = std::min(kept, std::count_if(condition->begin(), condition->end(), [](int64_t c) { return c != 0; }));
  else kept = std::min(kept, rules::product(layer.input(1).shape));
  rules::set_output(layer, 0, std::move(out), x.dtype);
  if (!condition) bound(layer);
}

void fold_compress(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const Tensor& x = layer.input(0);
  const auto condition = fold::integers(layer, 1);
  if (!condition) return;
  const bool flat = !layer.attributes.has("axis");
  const auto axis = flat ? 0 : static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()));
  const int64_t size = flat ? static_cast<int64_t>(fold::input(layer, 0)->size()) : x.shape[axis];
  const int64_t inner = flat ? 1 : fold::strides(x.shape)[axis];
  std::vector<int64_t> index;
  for (size_t i = 0; i < fold::input(layer, 0)->size(); ++i) {
    const auto line = static_cast<size_t>(static_cast<int64_t>(i) / inner % size);
    if (line < condition->size() && (*condition)[line] != 0) index.push_back(static_cast<int64_t>(i));
  }
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), index));
}

void one_hot_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  const auto depth = fold::integers(layer, 1);
  if (!depth || depth->size() != 1) return rules::unknown(layer);
  require(depth->front() >= 0, layer, "expected a depth of 0 or more, found " + std::to_string(depth->front()));
  Shape out = layer.input(0).shape;
  out.insert(out.begin() + rules::axis(layer.attributes.integer("axis", -1), layer.input(0).rank() + 1), depth->front());
  rules::set_output(layer, 0, std::move(out), layer.input(2).dtype);
}

void fold_one_hot(Layer& layer) {
  if (!fold::ready(layer, 3)) return;
  const auto indices = fold::integers(layer, 0);
  const Value& off_on = *fold::input(layer, 2);
  if (!indices || off_on.size() != 2) return;
  const Shape& shape = layer.output(0).shape;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", -1), layer.output(0).rank()));
  const auto step = fold::strides(layer.input(0).shape);
  std::vector<int64_t> index;
  fold::each_position(shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < position.size(); ++d)
      if (d != axis) at += position[d] * step[d - (d > axis)];
    const auto hot = fold::wrapped((*indices)[static_cast<size_t>(at)], shape[axis]);
    index.push_back(hot && *hot == position[axis]);
  });
  fold::set(layer, 0, fold::pick(off_on, index));
}

/// k was an attribute in opset 9.
void normalize_top_k(Layer& layer, int) { fold::attribute_to_input(layer, "k", 1); }

/// A k that is computed at run time is at most the size of the axis.
void top_k_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& x = layer.input(0);
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", -1), x.rank()));
  const auto k = fold::integers(layer, 1);
  Shape out = x.shape;
  if (k) {
    require(k->size() == 1 && k->front() >= 0 && (k->front() <= out[axis] || x.bounded || layer.input(1).bounded), layer,
            "expected k between 0 and " + std::to_string(out[axis]) + ", found " + rules::text(*k));
    out[axis] = std::min(out[axis], k->front());
  }
  rules::set_output(layer, 0, out, x.dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, out, DataType::i64);
  if (!k) bound(layer);
}

/// n log2(k) comparisons along the axis (a heap of k), for every line.
Cost top_k_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  const auto axis = layer.attributes.integer("axis", -1);
  c.flops = layer.input(0).elements() * std::max(1.0, std::log2(std::max(1.0, rules::dim(layer.output(0), axis))));
  return c;
}

/// Equal elements: the lower index comes first. Without `sorted` the order is not defined and stays unfolded.
void fold_top_k(Layer& layer) {
  if (!fold::ready(layer, 2) || layer.attributes.integer("sorted", 1) == 0) return;
  const Value& x = *fold::input(layer, 0);
  const Tensor& in = layer.input(0);
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", -1), in.rank()));
  const bool largest = layer.attributes.integer("largest", 1) != 0;
  const auto step = fold::strides(in.shape), out_step = fold::strides(layer.output(0).shape);
  const int64_t k = layer.output(0).shape[axis];
  std::vector<int64_t> picked(static_cast<size_t>(*fold::small_count(layer.output(0).shape)));
  std::vector<int64_t> places = picked;
  if (picked.empty() || std::any_of(x.reals.begin(), x.reals.end(), [](double v) { return std::isnan(v); })) return;
  Shape lines = in.shape;
  lines[axis] = 1;
  fold::each_position(lines, [&](const Shape& position) {
    int64_t start = 0, out = 0;
    for (size_t d = 0; d < lines.size(); ++d) start += position[d] * step[d], out += position[d] * out_step[d];
    std::vector<int64_t> order(static_cast<size_t>(in.shape[axis]));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      const auto i = static_cast<size_t>(start + a * step[axis]), j = static_cast<size_t>(start + b * step[axis]);
      if (x.is_real) return largest ? x.reals[i] > x.reals[j] : x.reals[i] < x.reals[j];
      return largest ? x.integers[i] > x.integers[j] : x.integers[i] < x.integers[j];
    });
    for (int64_t n = 0; n < k; ++n) {
      const auto at = static_cast<size_t>(out + n * out_step[axis]);
      places[at] = order[static_cast<size_t>(n)];
      picked[at] = start + places[at] * step[axis];
    }
  });
  fold::set(layer, 0, fold::pick(x, picked));
  fold::set(layer, 1, Value::of(std::move(places)));
}

/// Outputs: the values, the first place of each, the value that each element has, how often each occurs.
void unique_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const bool flat = !layer.attributes.has("axis");
  const auto axis = flat ? 0 : static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), x.rank()));
  Shape out = flat ? Shape{rules::product(x.shape)} : x.shape;
  const int64_t lines = out[axis];
  const Value* value = flat ? fold::input(layer, 0) : nullptr;
  if (value) {
    std::vector<double> reals = value->reals;
    std::vector<int64_t> integers = value->integers;
    std::sort(reals.begin(), reals.end());
    std::sort(integers.begin(), integers.end());
    out[0] = (std::unique(reals.begin(), reals.end()) - reals.begin()) +
             (std::unique(integers.begin(), integers.end()) - integers.begin());
  }
  const int64_t different = out[axis];
  rules::set_output(layer, 0, std::move(out), x.dtype);
  for (size_t i = 1; i < std::min<size_t>(layer.outputs.size(), 4); ++i) {
    rules::set_output(layer, i, {i == 2 ? lines : different}, DataType::i64);
    if (!value && i != 2) layer.outputs[i].bounded = true;
  }
  if (!value) layer.outputs[0].bounded = true;
}

void fold_unique(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || layer.attributes.has("axis") || x->is_real) return;
  std::vector<int64_t> first;
  for (size_t i = 0; i < x->size(); ++i) {
    auto same = [&](int64_t j) { return x->integers[static_cast<size_t>(j)] == x->integers[i]; };
    if (std::none_of(first.begin(), first.end(), same)) first.push_back(static_cast<int64_t>(i));
  }
  if (layer.attributes.integer("sorted", 1) != 0)
    std::sort(first.begin(), first.end(),
              [&](int64_t a, int64_t b) { return x->integers[static_cast<size_t>(a)] < x->integers[static_cast<size_t>(b)]; });
  const Value values = fold::pick(*x, first);
  std::vector<int64_t> inverse, counts(first.size());
  for (int64_t v : x->integers) {
    inverse.push_back(std::find(values.integers.begin(), values.integers.end(), v) - values.integers.begin());
    ++counts[static_cast<size_t>(inverse.back())];
  }
  fold::set(layer, 0, values);
  fold::set(layer, 1, Value::of(first));
  fold::set(layer, 2, Value::of(inverse));
  fold::set(layer, 3, Value::of(counts));
}

Cost scan_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  c.flops = layer.input(0).elements();
  return c;
}

Cost one_hot_cost(const Layer& layer) { return rules::moved(layer, 1); }

/// A sort: n log2 n comparisons.
Cost unique_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  const double n = layer.input(0).elements();
  c.flops = n * std::max(1.0, std::log2(std::max(1.0, n)));
  return c;
}

}  // namespace

const std::vector<Operator>& selection_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "NonZero",
          .family = Family::detection,
          .summary = "places of the elements that are not zero, at most all; one FLOP an input element",
          .shapes = nonzero_shapes,
          .cost = scan_cost,
          .fold = fold_nonzero,
          .run = {"aten::nonzero"},
          .calls = aten::non_zero,
          .examples = {"NonZero bool:1x128", "NonZero [1,0,2]"},
      },
      {
          .name = "Compress",
          .family = Family::detection,
          .summary = "slices whose condition holds, at most all; one FLOP an input element",
          .shapes = compress_shapes,
          .cost = scan_cost,
          .fold = fold_compress,
          .attributes = {{"axis"}},
          .examples = {"Compress 3x4 bool:3 axis=0", "Compress 3x4 bool:[0,1,1,0,1]"},
      },
      {
          .name = "OneHot",
          .family = Family::embedding,
          .summary = "a one at each index along a new axis; reads the indices, writes the output",
          .shapes = one_hot_shapes,
          .cost = one_hot_cost,
          .fold = fold_one_hot,
          .attributes = {{"axis", "-1"}},
          .run = {"aten::one_hot"},
          .calls = aten::one_hot,
          .examples = {"OneHot i64:1x128 [1000]@scalar [0.0,1.0]"},
      },
      {
          .name = "TopK",
          .family = Family::detection,
          .summary = "the k largest or smallest along an axis and their places; log2(k) FLOPs (comparisons) an input element",
          .shapes = top_k_shapes,
          .cost = top_k_cost,
          .fold = fold_top_k,
          .normalize = normalize_top_k,
          .attributes = {{"axis", "-1"}, {"largest", "1"}, {"sorted", "1"}},
          .run = {"aten::topk",
                  {{.parameter = "self"},
                   {.parameter = "k", .source = RunArgument::Source::input_value, .index = 1},
                   {.parameter = "dim", .source = RunArgument::Source::attribute, .attribute = "axis", .literal = "-1"},
                   {.parameter = "largest", .source = RunArgument::Source::attribute, .attribute = "largest", .literal = "1"},
                   {.parameter = "sorted", .source = RunArgument::Source::attribute, .attribute = "sorted", .literal = "1"}}},
          .examples = {"TopK 1x1000 [5] outputs=1,1"},
      },
      {
          .name = "Unique",
          .family = Family::detection,
          .summary = "different elements (or slices along an axis), at most all; a sort of n log2 n FLOPs (comparisons)",
          .shapes = unique_shapes,
          .cost = unique_cost,
          .fold = fold_unique,
          .attributes = {{"axis"}, {"sorted", "1"}},
          .examples = {"Unique i64:128 outputs=1,1,1,1", "Unique [3,1,3] outputs=1,0,1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
