#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wattlayer/core/data_type.h"

namespace wattlayer {

/// Dimensions of a tensor, outermost first; every one is a number. A scalar has none.
using Shape = std::vector<int64_t>;

/// Number of elements as a double, so that absurd dimensions do not overflow.
double elements(const Shape& shape);

/// Elements of a small constant tensor in row-major order: integers (bool as 0 and 1), or reals.
struct Value {
  bool is_real = false;
  std::vector<int64_t> integers;
  std::vector<double> reals;

  size_t size() const { return is_real ? reals.size() : integers.size(); }
  double real(size_t i) const { return is_real ? reals[i] : static_cast<double>(integers[i]); }
  int64_t integer(size_t i) const { return is_real ? static_cast<int64_t>(reals[i]) : integers[i]; }
  bool operator==(const Value&) const = default;

  static Value of(std::vector<int64_t> values) { return {false, std::move(values), {}}; }
  static Value of(std::vector<double> values) { return {true, {}, std::move(values)}; }
};

/// One input or output of a layer.
struct Tensor {
  Shape shape;  ///< meaningful when `known`
  DataType dtype = DataType::f32;
  bool present = true;                 ///< an optional input may be absent
  bool known = true;                   ///< false: the shape could not be found
  bool constant = false;               ///< known before the network runs: weights, tables, folded constants
  bool bounded = false;                ///< a data-dependent dimension stands at its upper bound
  std::shared_ptr<const Value> value;  ///< elements, where they are known and few

  double elements() const { return present && known ? wattlayer::elements(shape) : 0; }
  double bytes() const { return elements() * bits(dtype) / 8; }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }

  static Tensor of(Shape shape, DataType dtype = DataType::f32) { return {.shape = std::move(shape), .dtype = dtype}; }
  static Tensor absent() { return {.present = false}; }
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

/// Attributes of a layer, sorted by name; a handful at most, so lookup is a walk.
class Attributes {
 public:
  using Item = std::pair<std::string, Attribute>;

  const Attribute* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  int64_t integer(std::string_view name, int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string_view text(std::string_view name, std::string_view otherwise) const;
  /// A list of integers; an empty list when absent. A single integer counts as a list of one.
  std::vector<int64_t> integers(std::string_view name) const;
  /// Element i of a list of integers (no copy); `otherwise` when the attribute or the element is absent.
  int64_t integer_at(std::string_view name, size_t i, int64_t otherwise) const;

  void set(std::string_view name, Attribute value);
  void erase(std::string_view name);
  const std::vector<Item>& items() const { return items_; }
  bool operator==(const Attributes&) const = default;

 private:
  std::vector<Item> items_;
};

/// One operator with its shapes, attributes and data type: complete enough to be run and to be priced.
/// `op` is the ONNX name; operators of other domains carry it in front (`com.microsoft.Attention`).
struct Layer {
  std::string op;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  Attributes attributes;
  DataType dtype = DataType::f32;  ///< of the arithmetic
  std::vector<std::string> fused;  ///< operators an engine runs inside this one, in order (`Relu`, `Add`)
  bool in_place = false;           ///< the output overwrites the first input

  /// Input i, or an absent tensor when there are fewer.
  const Tensor& input(size_t i) const;
  const Tensor& output(size_t i) const;
  bool has_input(size_t i) const { return i < inputs.size() && inputs[i].present; }
};

}  // namespace wattlayer
