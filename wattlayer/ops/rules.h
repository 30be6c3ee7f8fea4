#pragma once
#include <cstdint>
#include <string>

#include "wattlayer/ops/operator.h"

/// Rules that families share: shapes, costs and folds used by the blocks in ops/defs.
namespace wattlayer::rules {

/// All inputs 0..n-1 that are present have known shapes; when not, marks every output unknown and returns false.
bool inputs_known(Layer& layer);

/// As above; throws Error(invalid_input) when one of the first `required` inputs is missing.
bool inputs_known(Layer& layer, size_t required);

/// Marks every output unknown: a value that the shape depends on is not there.
void unknown(Layer& layer);

/// Sets output i (grows the list when needed); an output marked absent stays absent.
void set_output(Layer& layer, size_t i, Shape shape, DataType dtype);

/// Numpy broadcasting of two shapes. Throws Error(invalid_input) with both shapes.
Shape broadcast(const Shape& a, const Shape& b);

/// Broadcasts all inputs from `first` on. Where a bounded dimension meets another number, that number stands.
Shape broadcast_inputs(const Layer& layer, size_t first = 0);

/// An axis in [-rank, rank) made non-negative. Throws Error(invalid_input).
int64_t axis(int64_t axis, int64_t rank);

/// `1x64x56x56`, or `scalar`.
std::string text(const Shape& shape);

/// Throws Error(invalid_input, "OP: message") unless the condition holds.
void require(bool condition, const Layer& layer, const std::string& message);

/// Bytes, elements and parameters of all tensors; the start of every cost.
Cost moved(const Layer& layer);

/// moved() with nothing moved: parameters and element counts stay, bytes are zero (views).
Cost view(const Layer& layer);

/// As moved(), but only the first `count` inputs are tensors that are read; the others are axes, shapes and the like.
Cost moved(const Layer& layer, size_t count);

/// Reads as much of input 0 as it writes, and the rest of the first `count` inputs whole.
Cost part_moved(const Layer& layer, size_t count = 1);

/// Attribute `from` is a number in ONNX files; in layers it is `to`, the name of a data type. Throws Error(invalid_input).
void name_type(Layer& layer, std::string_view from);

/// The data type that attribute `name` names; `otherwise` when it is absent.
DataType type_attribute(const Layer& layer, std::string_view name, DataType otherwise);

/// Output 0 has the shape and type of input 0.
void same_as_input(Layer& layer);

/// The input must be present, with a rank in [least, most]. Throws Error(invalid_input).
void require_rank(const Layer& layer, size_t input, int64_t least, int64_t most = 1 << 20);

/// a + b, a - b and a * b of dimensions and attributes from files. Throw Error(invalid_input) instead of overflowing.
int64_t sum(int64_t a, int64_t b);
int64_t difference(int64_t a, int64_t b);
int64_t product(int64_t a, int64_t b);
int64_t product(const Shape& dimensions, size_t first = 0, size_t end = SIZE_MAX);

/// Dimension i of a tensor (negative: from the end) for cost formulas; 1 where there is none.
double dim(const Tensor& tensor, int64_t i);

/// a / b, and 0 where b is 0.
inline double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

/// Cost of an operator that does the same arithmetic for every output element.
template <int flops, int special = 0>
Cost per_element(const Layer& layer) {
  Cost c = moved(layer);
  c.flops = flops * c.output_elements;
  c.special = special * c.output_elements;
  return c;
}

}  // namespace wattlayer::rules
