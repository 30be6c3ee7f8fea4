#include <algorithm>
#include <cmath>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Single elements and slices picked or put by indices of many dimensions.
namespace wattlayer {
namespace {

using rules::require;

Cost pick_cost(const Layer& layer) { return rules::part_moved(layer, 2); }

void gather_elements_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& x = layer.input(0);
  require(layer.input(1).rank() == x.rank(), layer,
          "indices " + rules::text(layer.input(1).shape) + " must have as many dimensions as the input " + rules::text(x.shape));
  rules::axis(layer.attributes.integer("axis", 0), x.rank());
  rules::set_output(layer, 0, layer.input(1).shape, x.dtype);
}

/// The place in the input of each element of a tensor of indices along an axis; nothing when one is outside.
std::optional<std::vector<int64_t>> element_places(const Layer& layer, const Shape& shape) {
  const auto indices = fold::integers(layer, 1);
  const Shape& x = layer.input(0).shape;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.input(0).rank()));
  if (!indices || fold::small_count(x).value_or(0) == 0) return std::nullopt;
  const auto step = fold::strides(x);
  std::vector<int64_t> out;
  bool inside = true;
  fold::each_position(shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < x.size(); ++d) {
      const auto i = fold::wrapped(d == axis ? (*indices)[out.size()] : position[d], x[d]);
      inside = inside && i;
      at += i.value_or(0) * step[d];
    }
    out.push_back(at);
  });
  return inside ? std::optional(out) : std::nullopt;
}

void fold_gather_elements(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const auto places = element_places(layer, layer.output(0).shape);
  if (places) fold::set(layer, 0, fold::pick(*fold::input(layer, 0), *places));
}

/// Rows of indices pick slices; the first batch_dims dimensions of both inputs run together.
void gather_nd_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Shape& x = layer.input(0).shape;
  const Shape& index = layer.input(1).shape;
  const int64_t batch = layer.attributes.integer("batch_dims", 0);
  const std::string found =
      "input " + rules::text(x) + ", indices " + rules::text(index) + ", batch_dims " + std::to_string(batch);
  require(!x.empty() && !index.empty() && batch >= 0 && batch < static_cast<int64_t>(std::min(x.size(), index.size())), layer,
          "expected more dimensions than batch_dims, found " + found);
  require(index.back() >= 0 && index.back() <= static_cast<int64_t>(x.size()) - batch, layer,
          "rows of indices are longer than the input's shape: " + found);
  Shape out(index.begin(), index.end() - 1);
  out.insert(out.end(), x.begin() + batch + index.back(), x.end());
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// First element of the slice that each row of indices names, behind `batch` common dimensions; nothing when one is outside.
std::optional<std::vector<int64_t>> slice_places(const Layer& layer, int64_t batch) {
  const auto indices = fold::integers(layer, 1);
  const Shape& x = layer.input(0).shape;
  const Shape& index = layer.input(1).shape;
  if (!indices || index.empty() || index.back() == 0) return std::nullopt;
  const auto step = fold::strides(x);
  const auto width = static_cast<size_t>(index.back()), skip = static_cast<size_t>(batch);
  std::vector<int64_t> out;
  bool inside = true;
  fold::each_position(Shape(index.begin(), index.end() - 1), [&](const Shape& position) {
    int64_t at = 0;
    for (size_t d = 0; d < skip; ++d) {
      inside = inside && position[d] < x[d];
      at += position[d] * step[d];
    }
    for (size_t i = 0; i < width; ++i) {
      const auto here = fold::wrapped((*indices)[out.size() * width + i], x[skip + i]);
      inside = inside && here;
      at += here.value_or(0) * step[skip + i];
    }
    out.push_back(at);
  });
  return inside ? std::optional(out) : std::nullopt;
}

void fold_gather_nd(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const int64_t batch = layer.attributes.integer("batch_dims", 0);
  const auto places = slice_places(layer, batch);
  if (!places) return;
  const Shape& x = layer.input(0).shape;
  const int64_t width = fold::small_count(Shape(x.begin() + batch + layer.input(1).shape.back(), x.end())).value_or(0);
  std::vector<int64_t> picked;
  for (int64_t place : *places)
    for (int64_t i = 0; i < width; ++i) picked.push_back(place + i);
  fold::set(layer, 0, fold::pick(*fold::input(layer, 0), picked));
}

/// Puts element `from` of `updates` to place `at`, or combines it with what is there; false when that is not defined.
bool put(Value& out, size_t at, const Value& updates, size_t from, std::string_view reduction) {
  if (out.is_real) {
    double& x = out.reals[at];
    const double u = updates.reals[from];
    if (std::isnan(x) || std::isnan(u)) return reduction == "none" ? x = u, true : false;
    x = reduction == "add"   ? x + u
        : reduction == "mul" ? x * u
        : reduction == "max" ? std::max(x, u)
        : reduction == "min" ? std::min(x, u)
                             : u;
    return true;
  }
  int64_t& x = out.integers[at];
  const int64_t u = updates.integers[from];
  if (reduction == "add") return !__builtin_add_overflow(x, u, &x);
  if (reduction == "mul") return !__builtin_mul_overflow(x, u, &x);
  x = reduction == "max" ? std::max(x, u) : reduction == "min" ? std::min(x, u) : u;
  return true;
}

void scatter_elements_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  const Tensor& x = layer.input(0);
  const bool fits = layer.input(1).rank() == x.rank() &&
                    (layer.input(1).shape == layer.input(2).shape || layer.input(1).bounded || layer.input(2).bounded);
  require(fits, layer,
          "indices " + rules::text(layer.input(1).shape) + " and updates " + rules::text(layer.input(2).shape) +
              " must have the same shape, with as many dimensions as the input " + rules::text(x.shape));
  rules::axis(layer.attributes.integer("axis", 0), x.rank());
  rules::set_output(layer, 0, x.shape, x.dtype);
}

void fold_scatter_elements(Layer& layer) {
  if (!fold::ready(layer, 3) || layer.input(1).shape != layer.input(2).shape) return;
  const auto places = element_places(layer, layer.input(1).shape);
  const Value& updates = *fold::input(layer, 2);
  Value out = *fold::input(layer, 0);
  if (!places || updates.is_real != out.is_real) return;
  const std::string_view reduction = layer.attributes.text("reduction", "none");
  for (size_t i = 0; i < places->size(); ++i)
    if (!put(out, static_cast<size_t>((*places)[i]), updates, i, reduction)) return;
  fold::set(layer, 0, std::move(out));
}

void scatter_nd_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  const Shape& x = layer.input(0).shape;
  const Shape& index = layer.input(1).shape;
  require(!index.empty() && index.back() >= 0 && index.back() <= static_cast<int64_t>(x.size()), layer,
          "rows of indices " + rules::text(index) + " are longer than the input's shape " + rules::text(x));
  Shape expected(index.begin(), index.end() - 1);
  expected.insert(expected.end(), x.begin() + index.back(), x.end());
  const bool bounded = std::any_of(layer.inputs.begin(), layer.inputs.end(), [](const Tensor& t) { return t.bounded; });
  require(bounded || layer.input(2).shape == expected, layer,
          "expected updates " + rules::text(expected) + ", found " + rules::text(layer.input(2).shape));
  rules::set_output(layer, 0, x, layer.input(0).dtype);
}

void fold_scatter_nd(Layer& layer) {
  if (!fold::ready(layer, 3)) return;
  const auto places = slice_places(layer, 0);
  const Value& updates = *fold::input(layer, 2);
  Value out = *fold::input(layer, 0);
  if (!places || places->empty() || updates.is_real != out.is_real || updates.size() % places->size() != 0) return;
  const std::string_view reduction = layer.attributes.text("reduction", "none");
  const size_t width = updates.size() / places->size();
  for (size_t i = 0; i < updates.size(); ++i) {
    const size_t at = static_cast<size_t>((*places)[i / width]) + i % width;
    if (at >= out.size() || !put(out, at, updates, i, reduction)) return;
  }
  fold::set(layer, 0, std::move(out));
}

/// The input is copied and the updates are written over it; in place only the updates move.
Cost scatter_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 3);
  const double updates = layer.input(2).bytes();
  if (layer.in_place) {
    (layer.input(0).constant ? c.weight_bytes : c.input_bytes) -= layer.input(0).bytes();
    c.output_bytes = updates;
  } else {
    c.output_bytes += updates;
  }
  if (layer.attributes.text("reduction", "none") != "none") c.flops = layer.input(2).elements();
  return c;
}

void tensor_scatter_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  const Tensor& x = layer.input(0);
  require(x.rank() >= 2 && layer.input(1).rank() == x.rank(), layer,
          "cache " + rules::text(x.shape) + " and update " + rules::text(layer.input(1).shape) +
              " must have the same rank of 2 or more");
  rules::set_output(layer, 0, x.shape, x.dtype);
}

Cost tensor_scatter_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 3);
  const double updates = layer.input(1).bytes();
  if (layer.in_place) {
    (layer.input(0).constant ? c.weight_bytes : c.input_bytes) -= layer.input(0).bytes();
    c.output_bytes = updates;
  } else {
    c.output_bytes += updates;
  }
  return c;
}

}  // namespace

const std::vector<Operator>& scatter_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "GatherElements",
          .family = Family::embedding,
          .summary = "one element for each index along an axis; reads the picked elements and the indices",
          .shapes = gather_elements_shapes,
          .cost = pick_cost,
          .fold = fold_gather_elements,
          .attributes = {{"axis", "0"}},
          .run = {"aten::gather"},
          .calls = aten::gather_elements,
          .examples = {"GatherElements 1x1000 i64:1x5 axis=1"},
          .backward = backward_rules::pick,
      },
      {
          .name = "GatherND",
          .family = Family::embedding,
          .summary = "slices picked by rows of indices; reads the picked slices and the indices",
          .shapes = gather_nd_shapes,
          .cost = pick_cost,
          .fold = fold_gather_nd,
          .attributes = {{"batch_dims", "0"}},
          .run = {"aten::index.Tensor"},
          .calls = aten::gather_nd,
          .examples = {"GatherND 4x128x64 i64:10x2", "GatherND 2x2x2 i64:2x1 batch_dims=1"},
          .backward = backward_rules::pick,
      },
      {
          .name = "com.microsoft.GatherND",
          .family = Family::embedding,
          .summary = "as GatherND",
          .shapes = gather_nd_shapes,
          .cost = pick_cost,
          .fold = fold_gather_nd,
          .attributes = {{"batch_dims", "0"}},
          .run = {"aten::index.Tensor"},
          .calls = aten::gather_nd,
          .examples = {"com.microsoft.GatherND 4x128x64 i64:10x2"},
      },
      {
          .name = "Scatter",
          .family = Family::embedding,
          .summary =
              "a copy with single elements replaced along an axis; the input is read and written, the updates read and written",
          .shapes = scatter_elements_shapes,
          .cost = scatter_cost,
          .fold = fold_scatter_elements,
          .attributes = {{"axis", "0"}},
          .can_run_in_place = true,
          .run = {"aten::scatter.src"},
          .calls = aten::scatter_elements,
          .examples = {"Scatter 4x128 i64:4x1 4x1 axis=1"},
      },
      {
          .name = "ScatterElements",
          .family = Family::embedding,
          .summary = "a copy with single elements replaced or combined along an axis; with a reduction one FLOP an update",
          .shapes = scatter_elements_shapes,
          .cost = scatter_cost,
          .fold = fold_scatter_elements,
          .attributes = {{"axis", "0"}, {"reduction", "none"}},
          .can_run_in_place = true,
          .run = {"aten::scatter.src"},
          .calls = aten::scatter_elements,
          .examples = {"ScatterElements 4x128 i64:4x1 4x1 axis=1"},
      },
      {
          .name = "ScatterND",
          .family = Family::embedding,
          .summary = "a copy with slices replaced or combined; with a reduction one FLOP an element of the updates",
          .shapes = scatter_nd_shapes,
          .cost = scatter_cost,
          .fold = fold_scatter_nd,
          .attributes = {{"reduction", "none"}},
          .can_run_in_place = true,
          .run = {"aten::index_put"},
          .calls = aten::scatter_nd,
          .examples = {"ScatterND 8x128x64 i64:2x1 2x128x64"},
      },
      {
          .name = "TensorScatter",
          .family = Family::embedding,
          .summary = "a key or value cache with new entries written; the cache is copied unless it runs in place",
          .shapes = tensor_scatter_shapes,
          .cost = tensor_scatter_cost,
          .attributes = {{"axis", "-2"}, {"mode", "linear"}},
          .can_run_in_place = true,
          .examples = {"TensorScatter 1x12x256x64 1x12x1x64 i64:1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
