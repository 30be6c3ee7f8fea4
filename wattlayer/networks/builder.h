#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/graph/graph.h"
#include "wattlayer/networks/built_layers.h"

namespace wattlayer {

struct NetworkSpec;

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
/// Where the spec has a sketch pad, the network is sketched there and the Graph that `finish` returns has no nodes.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, const NetworkSpec& spec);

  int input(Shape shape, DataType dtype = DataType::f32);
  int weight(Shape shape, DataType dtype = DataType::f32);
  /// A small constant of integers, such as a target shape.
  int constant(std::vector<int64_t> values);
  /// A constant number without dimensions, such as a bound of Clip.
  int scalar(double value);

  /// A node with one output. Throws Error(internal) when the operator is not in the catalogue or leaves the shape unknown.
  int add(std::string_view op, const std::vector<int>& inputs, std::initializer_list<Attributes::Item> attributes = {});
  const Shape& shape(int value) const { return tensor(value).shape; }
  int64_t channels(int value) const { return shape(value).at(1); }

  int conv(int x, const ConvSettings& settings);
  int transposed_conv(int x, int64_t channels, int64_t kernel, int64_t stride);
  int batch_norm(int x);
  int relu(int x) { return add("Relu", {x}); }
  int max_pool(int x, int64_t kernel, int64_t stride, int64_t pad = 0, bool ceil = false);
  /// Leaves padding out of the mean.
  int average_pool(int x, int64_t kernel, int64_t stride, int64_t pad = 0);
  int global_pool(int x) { return add("GlobalAveragePool", {x}); }
  int flatten(int x) { return add("Flatten", {x}); }
  /// y = x W^T + b, as torch.nn.Linear is exported.
  int linear(int x, int64_t outputs, bool bias = true);

  /// Applies a part that keeps the shape `times` over, one after the other; a sketch holds the first, one of the middle and the
  /// last. Throws Error(internal) when the part changes the shape.
  template <typename Part>
  int repeat(int64_t times, int x, Part part) {
    const bool short_cut = sketching_ && times > 3 && repeats_ == 1;
    for (int64_t i = 0; i < times; i += short_cut && i == 1 ? times - 2 : 1) {
      if (short_cut) repeats_ = i == 1 ? static_cast<double>(times - 2) : 1;
      const int before = x;
      x = part(x);
      if (short_cut) require_same(before, x);
    }
    return x;
  }

  Graph finish(const std::vector<int>& outputs);

 private:
  enum class Origin : char { input, weight, constant, node };

  const Tensor& tensor(int value) const { return layers_->tensor(kinds_[static_cast<size_t>(value)]); }
  int value(Origin origin, int kind);
  int kind_of(const Tensor& tensor);
  void require_same(int before, int after) const;
  using Key = BuiltLayers::Key;
  /// Nothing where it does not fit.
  std::optional<Key> key_of(std::string_view op, const std::vector<int>& inputs) const;
  std::optional<Key> key_of(char step, int x, std::initializer_list<int64_t> small) const;
  int remember(const std::optional<Key>& key, const std::vector<int>& inputs, int y);
  int take(const BuiltLayers::Made& made, const int* inputs, size_t count);
  BuiltLayers::Made make(std::string_view op, const std::vector<int>& inputs, std::initializer_list<Attributes::Item> attributes);
  /// Appends what is the same for equal steps.
  void describe(std::string_view text);
  void describe(int64_t number);
  void describe_attribute(const Attribute& attribute);
  Graph named() const;

  std::string name_;
  std::unique_ptr<SketchPad> own_;
  BuiltLayers* layers_;
  Sketch* sketch_;
  bool sketching_;
  double repeats_ = 1;
  std::vector<int> kinds_;  ///< number of the tensor of each value
  std::vector<Origin> origins_;
  std::string description_;
};

}  // namespace wattlayer
