#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "wattlayer/core/layer.h"

/// An ONNX file as it is written, before any shape is known. Names are views into the bytes of the file.
namespace wattlayer::onnx {

struct Graph;

/// A tensor in the file: dimensions and type; elements only where they are few and present.
struct StoredTensor {
  std::string_view name;
  Tensor tensor;
};

/// An attribute of a node. At most one of `tensor` and `graphs` is used; `reference` names an attribute of the function around
/// it.
struct NodeAttribute {
  std::string_view name;
  std::string_view reference;
  std::optional<Attribute> value;
  std::optional<Tensor> tensor;
  std::vector<std::shared_ptr<const Graph>> graphs;
};

struct Node {
  std::string_view name, op, domain, overload;
  std::vector<std::string_view> inputs, outputs;  ///< an empty name: absent
  std::vector<NodeAttribute> attributes;

  const NodeAttribute* find(std::string_view attribute) const;
};

/// One dimension of a declared shape: a number, a name, or neither.
struct Dimension {
  std::optional<int64_t> size;
  std::string_view name;
};

/// A declared input, output or intermediate value.
struct ValueInfo {
  std::string_view name;
  DataType dtype = DataType::f32;
  std::optional<std::vector<Dimension>> shape;  ///< nothing: not even the rank is declared
  bool is_sequence = false;
};

struct Graph {
  std::string_view name;
  std::vector<Node> nodes;
  std::vector<StoredTensor> initializers;
  std::vector<ValueInfo> inputs, outputs, values;
};

/// An operator that the file defines itself.
struct Function {
  std::string_view name, domain, overload;
  std::vector<std::string_view> inputs, outputs, attribute_names;
  std::vector<NodeAttribute> attributes;  ///< with their defaults
  std::vector<Node> nodes;
  std::map<std::string_view, int64_t> opsets;
};

struct Model {
  int64_t ir_version = 0;
  std::map<std::string_view, int64_t> opsets;  ///< by domain; "" is ai.onnx
  Graph graph;
  std::vector<Function> functions;
};

/// Tensors with more elements carry no value: shapes, axes and scales are far smaller.
inline constexpr int64_t most_value_elements = 4096;

/// Reads the bytes of a file, which must outlive the result. Throws Error(invalid_input) when they are not an ONNX model.
Model parse(std::string_view bytes);

}  // namespace wattlayer::onnx
