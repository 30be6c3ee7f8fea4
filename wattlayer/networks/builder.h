#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// What a convolution of a generated network is, besides its input. Kernels, strides and pads are square.
struct ConvSettings {
  int64_t channels = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t group = 1;
  bool bias = true;
};

/// Puts a Graph together node by node: infers shapes, numbers values and names nodes as it goes. A value is its number.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name, int64_t batch = 1);

  int input(Shape shape, DataType dtype = DataType::f32);
  int weight(Shape shape, DataType dtype = DataType::f32);
  /// A small constant of integers, such as a target shape.
  int constant(std::vector<int64_t> values);
  /// A constant number without dimensions, such as a bound of Clip.
  int scalar(double value);

  /// A node with one output. Throws Error(internal) when the operator is not in the catalogue or leaves the shape unknown.
  int add(std::string_view op, const std::vector<int>& inputs, std::initializer_list<Attributes::Item> attributes = {});
  const Shape& shape(int value) const { return tensors_[static_cast<size_t>(value)].shape; }
  int64_t channels(int value) const { return shape(value).at(1); }

  int conv(int x, const ConvSettings& settings);
  int transposed_conv(int x, int64_t channels, int64_t kernel, int64_t stride);
  int batch_norm(int x);
  int relu(int x) { return add("Relu", {x}); }
  int max_pool(int x, int64_t kernel, int64_t stride, int64_t pad = 0, bool ceil = false);
  int global_pool(int x) { return add("GlobalAveragePool", {x}); }
  int flatten(int x) { return add("Flatten", {x}); }
  /// y = x W^T + b, as torch.nn.Linear is exported.
  int linear(int x, int64_t outputs, bool bias = true);

  Graph finish(const std::vector<int>& outputs);

 private:
  int value(std::string name, Tensor tensor);

  Graph graph_;
  std::vector<Tensor> tensors_;  ///< of each value
};

}  // namespace wattlayer
