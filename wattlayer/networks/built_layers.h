#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wattlayer/graph/sketch.h"

namespace wattlayer {

/// Tensors and layers that builders have made, each once: a layer is inferred when it is first met. Addresses are stable.
class BuiltLayers {
 public:
  /// What a builder does in one step: its weights, the layer, the tensor that comes out.
  struct Made {
    const Layer* layer = nullptr;
    int output = 0;                 ///< number of the tensor
    std::vector<int> weights = {};  ///< numbers of the tensors that the step adds
  };

  /// A short description of a step, for the many that have few inputs and no attributes besides small numbers.
  struct Key {
    std::array<uint64_t, 4> parts{};
    bool operator==(const Key&) const = default;
  };

  /// Number of a tensor by a text that describes it; made when it is new.
  int tensor(std::string_view description, const std::function<Tensor()>& make);
  const Tensor& tensor(int number) const { return tensors_[static_cast<size_t>(number)]; }

  /// A step by its description, nullptr when it is new.
  const Made* find(std::string_view description) const;
  const Made* find(const Key& key) const;
  const Made& remember(std::string_view description, Made made);
  void remember(const Key& key, const Made& made) { made_by_key_[key] = made; }
  const Layer& keep(Layer layer);
  int keep(Tensor tensor);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::deque<Tensor> tensors_;
  std::deque<Layer> layers_;
  std::unordered_multimap<size_t, const Layer*> layer_by_hash_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> tensor_by_text_;
  std::unordered_map<std::string, Made, Hash, std::equal_to<>> made_by_text_;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t seed = 0;
      for (uint64_t part : key.parts) seed = (seed ^ part) * 0x9e3779b97f4a7c15ull, seed ^= seed >> 32;
      return seed;
    }
  };
  std::unordered_map<Key, Made, KeyHash> made_by_key_;
};

/// Where a network is sketched instead of built as a Graph: many of them over one set of layers.
struct SketchPad {
  BuiltLayers layers;
  Sketch sketch;
};

}  // namespace wattlayer
