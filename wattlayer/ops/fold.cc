#include "wattlayer/ops/fold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

namespace wattlayer::fold {
namespace {

/// Rounds to a float with `digits` significant bits, smallest exponent `lowest` and largest finite value `largest`.
double round_to(double x, int digits, int lowest, double largest) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  std::frexp(x, &exponent);
  const int scale = std::max(exponent, lowest) - digits;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -scale)), scale);
  return std::abs(rounded) > largest ? std::copysign(std::numeric_limits<double>::infinity(), x) : rounded;
}

double rounded(double x, DataType type) {
  switch (type) {
    case DataType::f32:
      return static_cast<double>(static_cast<float>(x));
    case DataType::f16:
      return round_to(x, 11, -13, 65504.0);
    case DataType::bf16:
      return round_to(x, 8, -125, 3.3895313892515355e38);
    default:
      return x;
  }
}

bool holds(DataType type, int64_t x) {
  const bool is_unsigned = type == DataType::uint2 || type == DataType::uint4 || type == DataType::uint8 ||
                           type == DataType::u16 || type == DataType::u32 || type == DataType::u64;
  if (type == DataType::boolean) return x == 0 || x == 1;
  const int width = bits(type);
  if (is_unsigned) return x >= 0 && (width >= 63 || x < (int64_t{1} << width));
  return width >= 64 || (x >= -(int64_t{1} << (width - 1)) && x < (int64_t{1} << (width - 1)));
}

}  // namespace

std::optional<int64_t> small_count(const Shape& shape) {
  bool empty = false;
  int64_t count = 1;
  for (int64_t d : shape) {
    if (d < 0) return std::nullopt;
    empty = empty || d == 0;
  }
  if (empty) return 0;
  for (int64_t d : shape) {
    if (d > limit) return std::nullopt;
    count *= d;
    if (count > limit) return std::nullopt;
  }
  return count;
}

const Value* input(const Layer& layer, size_t i) {
  if (!layer.has_input(i)) return nullptr;
  const Tensor& t = layer.inputs[i];
  if (!t.known || !t.value) return nullptr;
  const auto count = small_count(t.shape);
  return count && static_cast<size_t>(*count) == t.value->size() ? t.value.get() : nullptr;
}

std::optional<std::vector<int64_t>> integers(const Layer& layer, size_t i) {
  const Value* value = input(layer, i);
  if (!value) return std::nullopt;
  if (!value->is_real) return value->integers;
  std::vector<int64_t> out;
  for (double x : value->reals) {
    const auto whole = truncate(x);
    if (!whole) return std::nullopt;
    out.push_back(*whole);
  }
  return out;
}

bool ready(const Layer& layer, size_t required) {
  for (size_t i = 0; i < required; ++i)
    if (!layer.has_input(i)) return false;
  for (size_t i = 0; i < layer.inputs.size(); ++i)
    if (layer.inputs[i].present && !input(layer, i)) return false;
  return !layer.outputs.empty() && layer.outputs[0].known && small_count(layer.outputs[0].shape);
}

void set(Layer& layer, size_t i, Value value) {
  if (i >= layer.outputs.size() || !layer.outputs[i].present || !layer.outputs[i].known) return;
  Tensor& out = layer.outputs[i];
  const auto count = small_count(out.shape);
  if (!count || static_cast<size_t>(*count) != value.size()) return;
  if (is_float(out.dtype) != value.is_real) {
    if (value.size() != 0) return;
    value = is_float(out.dtype) ? Value::of(std::vector<double>{}) : Value::of(std::vector<int64_t>{});
  }
  if (value.is_real)
    for (double& x : value.reals) x = rounded(x, out.dtype);
  else if (!std::all_of(value.integers.begin(), value.integers.end(), [&](int64_t x) { return holds(out.dtype, x); })) return;
  out.constant = true;
  out.value = std::make_shared<const Value>(std::move(value));
}

Value pick(const Value& source, const std::vector<int64_t>& index) {
  Value out;
  out.is_real = source.is_real;
  if (source.is_real) out.reals.reserve(index.size());
  else out.integers.reserve(index.size());
  for (int64_t i : index) {
    if (source.is_real) out.reals.push_back(i < 0 ? 0 : source.reals[static_cast<size_t>(i)]);
    else out.integers.push_back(i < 0 ? 0 : source.integers[static_cast<size_t>(i)]);
  }
  return out;
}

std::optional<int64_t> wrapped(int64_t index, int64_t size) {
  if (index < -size || index >= size) return std::nullopt;
  return index < 0 ? index + size : index;
}

std::vector<int64_t> strides(const Shape& shape) {
  std::vector<int64_t> out(shape.size(), 1);
  if (small_count(shape).value_or(0) == 0) return out;
  for (size_t i = shape.size(); i-- > 1;) out[i - 1] = out[i] * shape[i];
  return out;
}

std::vector<int64_t> broadcast_index(const Shape& from, const Shape& to) {
  const size_t lead = to.size() - from.size();
  const std::vector<int64_t> step = strides(from);
  std::vector<int64_t> out;
  if (from == to || to.empty()) {
    const int64_t count = small_count(to).value_or(0);
    for (int64_t i = 0; i < count; ++i) out.push_back(i);
    return out;
  }
  each_position(to, [&](const Shape& position) {
    int64_t index = 0;
    for (size_t i = 0; i < from.size(); ++i)
      if (from[i] > 0) index += std::min(position[i + lead], from[i] - 1) * step[i];
    out.push_back(index);
  });
  return out;
}

void each_position(const Shape& shape, const std::function<void(const Shape&)>& visit) {
  const int64_t count = small_count(shape).value_or(0);
  Shape position(shape.size(), 0);
  for (int64_t n = 0; n < count; ++n) {
    visit(position);
    for (size_t i = shape.size(); i-- > 0;) {
      if (++position[i] < shape[i]) break;
      position[i] = 0;
    }
  }
}

Tensor constant(std::vector<int64_t> values) {
  Tensor out = Tensor::of({static_cast<int64_t>(values.size())}, DataType::i64);
  out.constant = true;
  out.value = std::make_shared<const Value>(Value::of(std::move(values)));
  return out;
}

void attribute_to_input(Layer& layer, std::string_view name, size_t i) {
  if (!layer.attributes.has(name)) return;
  if (!layer.has_input(i)) {
    while (layer.inputs.size() <= i) layer.inputs.push_back(Tensor::absent());
    layer.inputs[i] = constant(layer.attributes.integers(name));
  }
  layer.attributes.erase(name);
}

std::optional<int64_t> truncate(double x) {
  if (!(x > -9.2233720368547758e18 && x < 9.2233720368547758e18)) return std::nullopt;
  return static_cast<int64_t>(x);
}

}  // namespace wattlayer::fold
