#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Tensors made from nothing but a shape or a few numbers.
namespace wattlayer {
namespace {

using rules::require;

Cost write_cost(const Layer& layer) { return rules::moved(layer, 0); }

Cost nothing(const Layer& layer) { return rules::view(layer); }

/// The elements of an attribute that is a number or a list of numbers; nothing when it is absent or text.
std::optional<Value> attribute_value(const Layer& layer, std::string_view name) {
  const Attribute* a = layer.attributes.find(name);
  if (!a) return std::nullopt;
  if (auto* i = std::get_if<int64_t>(a)) return Value::of(std::vector<int64_t>{*i});
  if (auto* d = std::get_if<double>(a)) return Value::of(std::vector<double>{*d});
  if (auto* list = std::get_if<std::vector<int64_t>>(a)) return Value::of(*list);
  if (auto* list = std::get_if<std::vector<double>>(a)) return Value::of(*list);
  return std::nullopt;
}

/// The attribute of a Constant that holds its value, with the type it implies.
struct Source {
  std::string_view name;
  DataType dtype;
  bool scalar;
};
constexpr Source sources[] = {
    {"value_int", DataType::i64, true},     {"value_ints", DataType::i64, false},     {"value_float", DataType::f32, true},
    {"value_floats", DataType::f32, false}, {"value_string", DataType::string, true}, {"value_strings", DataType::string, false},
};

int64_t length(const Attribute& a) {
  if (auto* list = std::get_if<std::vector<int64_t>>(&a)) return static_cast<int64_t>(list->size());
  if (auto* list = std::get_if<std::vector<double>>(&a)) return static_cast<int64_t>(list->size());
  if (auto* list = std::get_if<std::vector<std::string>>(&a)) return static_cast<int64_t>(list->size());
  return 1;
}

void constant_shapes(Layer& layer) {
  for (const Source& source : sources)
    if (const Attribute* a = layer.attributes.find(source.name))
      return rules::set_output(layer, 0, source.scalar ? Shape{} : Shape{length(*a)}, source.dtype);
  if (!layer.attributes.has("value_shape") && !layer.attributes.has("value")) return rules::unknown(layer);
  const Attribute* value = layer.attributes.find("value");
  const DataType implied =
      value && (std::holds_alternative<int64_t>(*value) || std::holds_alternative<std::vector<int64_t>>(*value)) ? DataType::i64
                                                                                                                 : DataType::f32;
  Shape shape = layer.attributes.has("value_shape") ? layer.attributes.integers("value_shape") : Shape{length(*value)};
  for (int64_t d : shape) require(d >= 0, layer, "value_shape has a dimension of " + std::to_string(d));
  rules::set_output(layer, 0, std::move(shape), rules::type_attribute(layer, "value_dtype", implied));
}

/// A list without elements, or whole numbers for a real type, take the kind of the output.
void set_value(Layer& layer, Value value) {
  if (is_float(layer.output(0).dtype) && !value.is_real) {
    Value reals = Value::of(std::vector<double>{});
    for (int64_t x : value.integers) reals.reals.push_back(static_cast<double>(x));
    value = std::move(reals);
  }
  fold::set(layer, 0, std::move(value));
}

void fold_constant(Layer& layer) {
  if (!layer.output(0).known) return;
  layer.outputs[0].constant = true;
  for (std::string_view name : {"value", "value_int", "value_ints", "value_float", "value_floats"})
    if (auto value = attribute_value(layer, name)) return set_value(layer, std::move(*value));
}

void constant_of_shape_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const auto target = fold::integers(layer, 0);
  if (!target) return rules::unknown(layer);
  for (int64_t d : *target) require(d >= 0, layer, "expected dimensions of 0 or more, found " + rules::text(*target));
  const auto value = attribute_value(layer, "value");
  const DataType implied = value && !value->is_real ? DataType::i64 : DataType::f32;
  rules::set_output(layer, 0, *target, rules::type_attribute(layer, "value_dtype", implied));
}

void fold_constant_of_shape(Layer& layer) {
  if (!fold::ready(layer)) return;
  const auto count = static_cast<size_t>(*fold::small_count(layer.output(0).shape));
  const Value value = attribute_value(layer, "value").value_or(Value::of(std::vector<double>{0}));
  if (value.size() != 1) return;
  if (is_float(layer.output(0).dtype)) set_value(layer, Value::of(std::vector<double>(count, value.real(0))));
  else if (!value.is_real || value.reals[0] == 0) set_value(layer, Value::of(std::vector<int64_t>(count, value.integer(0))));
}

/// Number of elements of a range; nothing when its three numbers are not known.
std::optional<int64_t> range_count(const Layer& layer) {
  const Value* v[3];
  for (size_t i = 0; i < 3; ++i) {
    v[i] = fold::input(layer, i);
    if (!v[i] || v[i]->size() != 1 || v[i]->is_real != v[0]->is_real) return std::nullopt;
  }
  require(v[2]->real(0) != 0, layer, "expected a delta other than 0");
  if (v[0]->is_real) {
    const double count = std::ceil((v[1]->reals[0] - v[0]->reals[0]) / v[2]->reals[0]);
    require(count < 4e18, layer, "a range of " + std::to_string(count) + " elements");
    return fold::truncate(std::max(0.0, count));
  }
  const __int128 distance = static_cast<__int128>(v[1]->integers[0]) - v[0]->integers[0], delta = v[2]->integers[0];
  if (distance == 0 || (distance > 0) != (delta > 0)) return 0;
  const __int128 count = distance / delta + (distance % delta != 0);
  require(count < (static_cast<__int128>(1) << 62), layer, "a range of more than 2^62 elements");
  return static_cast<int64_t>(count);
}

void range_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  for (size_t i = 0; i < 3; ++i)
    require(elements(layer.input(i).shape) == 1, layer, "expected start, limit and delta of one element each");
  const auto count = range_count(layer);
  if (!count) return rules::unknown(layer);
  rules::set_output(layer, 0, {*count}, layer.input(0).dtype);
}

void fold_range(Layer& layer) {
  if (!fold::ready(layer, 3)) return;
  const Value& start = *fold::input(layer, 0);
  const Value& delta = *fold::input(layer, 2);
  Value out;
  out.is_real = start.is_real;
  for (int64_t i = 0; i < layer.output(0).shape[0]; ++i) {
    if (out.is_real) out.reals.push_back(start.reals[0] + static_cast<double>(i) * delta.reals[0]);
    else out.integers.push_back(start.integers[0] + i * delta.integers[0]);
  }
  fold::set(layer, 0, std::move(out));
}

void eye_like_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  require(layer.input(0).rank() == 2, layer, "expected a matrix, found " + rules::text(layer.input(0).shape));
  rules::set_output(layer, 0, layer.input(0).shape, rules::type_attribute(layer, "to", layer.input(0).dtype));
}

void fold_eye_like(Layer& layer) {
  if (!layer.output(0).known || fold::small_count(layer.output(0).shape).value_or(0) == 0) return;
  const int64_t k = layer.attributes.integer("k", 0), rows = layer.output(0).shape[0], columns = layer.output(0).shape[1];
  Value out;
  out.is_real = is_float(layer.output(0).dtype);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      if (out.is_real) out.reals.push_back(j - i == k);
      else out.integers.push_back(j - i == k);
    }
  fold::set(layer, 0, std::move(out));
}

}  // namespace

const std::vector<Operator>& creation_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Constant",
          .family = Family::view,
          .summary = "a tensor known before the network runs; nothing moves",
          .shapes = constant_shapes,
          .cost = nothing,
          .fold = fold_constant,
          .attributes = {{"value"},
                         {"value_dtype"},
                         {"value_float"},
                         {"value_floats"},
                         {"value_int"},
                         {"value_ints"},
                         {"value_shape"},
                         {"value_string"},
                         {"value_strings"}},
          .examples = {"Constant value_ints=1,-1,768", "Constant value=0.5, value_dtype=f16 value_shape=,",
                       "Constant value_float=1.0"},
      },
      {
          .name = "ConstantOfShape",
          .family = Family::copy,
          .summary = "a shape filled with one value (0 unless given); writes the output",
          .shapes = constant_of_shape_shapes,
          .cost = write_cost,
          .fold = fold_constant_of_shape,
          .attributes = {{"value"}, {"value_dtype"}},
          .run = {"aten::full"},
          .calls = aten::constant_of_shape,
          .examples = {"ConstantOfShape [1,128,768]", "ConstantOfShape [4] value=-1,"},
      },
      {
          .name = "Range",
          .family = Family::copy,
          .summary = "start, start + delta, ... below limit; one FLOP an element, writes the output",
          .shapes = range_shapes,
          .cost =
              [](const Layer& layer) {
                Cost c = write_cost(layer);
                c.flops = c.output_elements;
                return c;
              },
          .fold = fold_range,
          .run = {"aten::arange.start_step"},
          .calls = aten::range,
          .examples = {"Range [0]@scalar [128]@scalar [1]@scalar"},
      },
      {
          .name = "EyeLike",
          .family = Family::copy,
          .summary = "ones on diagonal k of a matrix of the input's shape; writes the output",
          .shapes = eye_like_shapes,
          .cost = write_cost,
          .fold = fold_eye_like,
          .normalize = [](Layer& layer, int) { rules::name_type(layer, "dtype"); },
          .attributes = {{"k", "0"}, {"to"}},
          .examples = {"EyeLike 64x64"},
      },
  };
  return operators;
}

}  // namespace wattlayer
