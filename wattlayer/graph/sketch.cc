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

const lowering::OperatorRules& SketchLowering::rules_of(const Layer& layer) {
  const auto [place, added] = rules_by_layer_.try_emplace(&layer, nullptr);
  if (added) place->second = &rules_.of(layer.op);
  return *place->second;
}

size_t SketchLowering::number_of(size_t node, const Sketch& sketch) {
  const size_t from = lowering_.layer_of(node);
  const bool fused = from == node && lowering_.first_tail(node) >= 0;
  const bool in_place = from == node && !fused && lowering_.runs_in_place(node);
  key_.assign({reinterpret_cast<uintptr_t>(sketch.nodes[from].layer), uintptr_t{in_place}});
  if (fused)
    for (int tail = lowering_.first_tail(node); tail >= 0; tail = lowering_.next_tail(tail))
      key_.push_back(reinterpret_cast<uintptr_t>(lowering_.step(static_cast<size_t>(tail)).rules));
  const auto found = numbers_.find(key_);
  if (found != numbers_.end()) return found->second;
  Layer layer = *sketch.nodes[from].layer;
  layer.in_place = in_place;
  if (fused)
    for (int tail = lowering_.first_tail(node); tail >= 0; tail = lowering_.next_tail(tail))
      layer.fused.push_back(sketch.nodes[static_cast<size_t>(tail)].layer->op);
  executed_.push_back(std::move(layer));
  place_.push_back(nowhere);
  return numbers_[key_] = executed_.size() - 1;
}

const std::vector<SketchLowering::Item>& SketchLowering::lower(const Sketch& sketch) {
  for (const Item& item : items_) place_[item.layer] = nowhere;
  items_.clear();
  lowering_.start(static_cast<size_t>(sketch.values));
  for (const Sketch::Node& node : sketch.nodes)
    lowering_.add(*node.layer, rules_of(*node.layer), {sketch.operands.data() + node.first_operand, node.inputs},
                  {&node.output, 1});
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
