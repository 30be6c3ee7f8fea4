#include "wattlayer/graph/sketch.h"

#include <limits>

namespace wattlayer {
namespace {

constexpr size_t nowhere = std::numeric_limits<size_t>::max();

}  // namespace

void Sketch::clear() {
  batch = 1, values = 0;
  nodes.clear(), operands.clear(), inputs.clear(), outputs.clear();
}

size_t SketchLowering::Hash::operator()(const std::vector<uintptr_t>& key) const {
  size_t seed = key.size();
  for (uintptr_t x : key) seed = (seed ^ x) * 0x9e3779b97f4a7c15ull, seed ^= seed >> 29;
  return seed;
}

SketchLowering::Known& SketchLowering::known(const Layer& layer) {
  const auto [place, added] = known_.try_emplace(&layer);
  if (added) place->second = {&rules_.of(layer.op), {nowhere, nowhere}};
  return place->second;
}

size_t SketchLowering::keep(Layer layer) {
  executed_.push_back(std::move(layer));
  place_.push_back(nowhere);
  return executed_.size() - 1;
}

size_t SketchLowering::number_of(size_t node, const Sketch& sketch) {
  const size_t from = lowering_.layer_of(node);
  if (from != node || lowering_.first_tail(node) < 0) {
    const bool in_place = from == node && lowering_.runs_in_place(node);
    size_t& number = of_node_[from]->alone[in_place];
    if (number != nowhere) return number;
    Layer layer = *sketch.nodes[from].layer;
    layer.in_place = in_place;
    return number = keep(std::move(layer));
  }
  key_.assign(1, reinterpret_cast<uintptr_t>(sketch.nodes[node].layer));
  for (int tail = lowering_.first_tail(node); tail >= 0; tail = lowering_.next_tail(tail))
    key_.push_back(reinterpret_cast<uintptr_t>(of_node_[static_cast<size_t>(tail)]->rules));
  const auto found = numbers_.find(key_);
  if (found != numbers_.end()) return found->second;
  Layer layer = *sketch.nodes[node].layer;
  for (int tail = lowering_.first_tail(node); tail >= 0; tail = lowering_.next_tail(tail))
    layer.fused.push_back(sketch.nodes[static_cast<size_t>(tail)].layer->op);
  return numbers_[key_] = keep(std::move(layer));
}

const std::vector<SketchLowering::Item>& SketchLowering::lower(const Sketch& sketch) {
  for (const Item& item : items_) place_[item.layer] = nowhere;
  items_.clear();
  lowering_.start(static_cast<size_t>(sketch.values));
  of_node_.clear();
  for (const Sketch::Node& node : sketch.nodes) {
    of_node_.push_back(&known(*node.layer));
    lowering_.add(*node.layer, *of_node_.back()->rules, {sketch.operands.data() + node.first_operand, node.inputs},
                  {&node.output, 1});
  }
  for (int value : sketch.outputs) lowering_.need(value);
  for (int value : sketch.inputs) lowering_.give(value);
  lowering_.run();
  for (size_t i = 0; i < sketch.nodes.size(); ++i) {
    if (!lowering_.runs(i)) continue;
    const size_t number = number_of(i, sketch);
    if (place_[number] == nowhere) place_[number] = items_.size(), items_.push_back({number, 0});
    items_[place_[number]].count += sketch.nodes[i].repeats;
  }
  return items_;
}

}  // namespace wattlayer
