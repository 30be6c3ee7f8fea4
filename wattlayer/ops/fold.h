#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "wattlayer/core/layer.h"

/// Values of small tensors: what shape rules read and what `.fold` computes.
namespace wattlayer::fold {

/// Tensors with more elements carry no value; shapes, axes and index tables are far smaller.
inline constexpr int64_t limit = 4096;

/// Number of elements when it is at most `limit`; nothing otherwise, or when a dimension is negative.
std::optional<int64_t> small_count(const Shape& shape);

/// The value of input i when it is known and fits the shape; nullptr otherwise.
const Value* input(const Layer& layer, size_t i);

/// The elements of input i as integers (reals truncated); nothing when they are not known.
std::optional<std::vector<int64_t>> integers(const Layer& layer, size_t i);

/// Whether the first `required` inputs are there, every present input has its value and output 0 is small.
bool ready(const Layer& layer, size_t required = 1);

/// Gives output i its value and marks it constant. Reals are rounded to the output's data type; an integer that the type
/// cannot hold, or a wrong number of elements, leaves the output without value.
void set(Layer& layer, size_t i, Value value);

/// `source[index[0]], source[index[1]], ...`; an index of -1 stands for zero.
Value pick(const Value& source, const std::vector<int64_t>& index);

/// For each element of `to` in order, the element of `from` that broadcasting puts there. Both are small.
std::vector<int64_t> broadcast_index(const Shape& from, const Shape& to);

/// An index counted from the end when it is negative; nothing when it is outside 0..size-1.
std::optional<int64_t> wrapped(int64_t index, int64_t size);

/// Distance between neighbours of each dimension in row-major order. The shape is small.
std::vector<int64_t> strides(const Shape& shape);

/// Calls visit for each position of a small shape in row-major order.
void each_position(const Shape& shape, const std::function<void(const Shape& position)>& visit);

/// Makes a small list of integers, such as axes, a constant input of a layer (older opsets had it as an attribute).
Tensor constant(std::vector<int64_t> values);

/// Moves attribute `name` (a list, or one integer) to input i, unless that input is there already.
void attribute_to_input(Layer& layer, std::string_view name, size_t i);

/// Truncates toward zero as a C++ cast does, but nothing for NaN and for what int64 cannot hold.
std::optional<int64_t> truncate(double x);

}  // namespace wattlayer::fold
