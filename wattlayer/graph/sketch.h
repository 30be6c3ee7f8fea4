#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/layer.h"
#include "wattlayer/graph/lowering.h"

namespace wattlayer {

/// A network over layers that are kept elsewhere: what a Graph says without names. Equal parts in a row stand there once, with
/// how often they repeat; the first and the last of a row stand by themselves, because their neighbours differ.
struct Sketch {
  struct Node {
    const Layer* layer;
    uint32_t first_operand, inputs;
    int output;
    double repeats;
  };
  int64_t batch = 1;
  int values = 0;
  std::vector<Node> nodes;
  std::vector<int> operands;  ///< values that nodes read; -1 where absent
  std::vector<int> inputs, outputs;

  void clear();
};

/// Lowers many sketches for one engine. Layers of sketches, at stable addresses, and the engine outlive it. One thread.
class SketchLowering {
 public:
  explicit SketchLowering(const Engine& engine) : rules_(engine), lowering_(rules_) {}

  struct Item {
    size_t layer;  ///< number of an executed layer
    double count;
  };
  /// Layers that the engine executes, equal ones once, in the order of `lower`. Valid until the next call.
  const std::vector<Item>& lower(const Sketch& sketch);

  /// The executed layer of that number, with its fused operators.
  const Layer& layer(size_t number) const { return executed_[number]; }
  size_t layers() const { return executed_.size(); }

 private:
  /// What is known of a layer of sketches: its rules, and its numbers when it runs by itself, or in place.
  struct Known {
    const lowering::OperatorRules* rules = nullptr;
    std::array<size_t, 2> alone{};
  };

  Known& known(const Layer& layer);
  size_t number_of(size_t node, const Sketch& sketch);
  size_t keep(Layer layer);

  lowering::EngineRules rules_;
  lowering::Lowering lowering_;
  std::unordered_map<const Layer*, Known> known_;
  std::vector<Known*> of_node_;  ///< of the sketch at hand
  struct Hash {
    size_t operator()(const std::vector<uintptr_t>& key) const;
  };
  std::unordered_map<std::vector<uintptr_t>, size_t, Hash> numbers_;  ///< of layers with tails
  std::vector<uintptr_t> key_;
  std::deque<Layer> executed_;
  std::vector<Item> items_;
  std::vector<size_t> place_;  ///< in items_, by number, of the sketch at hand
};

}  // namespace wattlayer
