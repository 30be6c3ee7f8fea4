#include <algorithm>
#include <unordered_map>

#include "wattlayer/core/layer_hash.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/lowering.h"

namespace wattlayer {
namespace {

using lowering::EngineRules;
using lowering::Lowering;

void bring(const Graph& graph, EngineRules& rules, Lowering& lowering) {
  lowering.start(graph.values.size());
  for (const Node& node : graph.nodes)
    lowering.add(node.layer, rules.of(node.layer.op), node.inputs, node.outputs, node.count, node.folded);
  for (int value : graph.outputs) lowering.need(value);
  for (int value : graph.carried) lowering.need(value);
  for (int value : graph.inputs) lowering.give(value);
}

/// The layer with its tails: it writes what the last tail writes and reads what the tails read besides.
Layer lowered(const Graph& graph, const Lowering& lowering, size_t i) {
  const size_t from = lowering.layer_of(i);
  Layer layer = graph.nodes[from].layer;
  if (from != i) return layer;
  if (lowering.first_tail(i) < 0) layer.in_place = layer.in_place || lowering.runs_in_place(i);
  for (int tail = lowering.first_tail(i); tail >= 0; tail = lowering.next_tail(tail))
    layer.fused.push_back(graph.nodes[static_cast<size_t>(tail)].layer.op);
  return layer;
}

void set_dtype(Layer& layer, DataType dtype) {
  // Some types exist only in the arithmetic: tf32 reads and writes f32.
  const DataType stored = dtype == DataType::tf32 ? DataType::f32 : dtype;
  for (auto* tensors : {&layer.inputs, &layer.outputs})
    for (Tensor& t : *tensors)
      if (is_float(t.dtype)) t.dtype = stored;
  if (is_float(layer.dtype)) layer.dtype = dtype;
}

}  // namespace

Workload with_dtype(Workload workload, DataType dtype) {
  for (WorkloadItem& item : workload.items) set_dtype(item.layer, dtype);
  return workload;
}

Graph with_dtype(Graph graph, DataType dtype) {
  for (Node& node : graph.nodes) set_dtype(node.layer, dtype);
  return graph;
}

Graph executed(const Graph& graph, const Engine& engine) {
  EngineRules rules(engine);
  Lowering lowering(rules);
  bring(graph, rules, lowering);
  lowering.find_live();
  Graph result = graph;
  result.nodes.clear();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!lowering.live(i)) continue;
    result.nodes.push_back(graph.nodes[i]);
    result.nodes.back().layer.in_place = lowering.runs_in_place(i);
  }
  return result;
}

Workload lower(const Graph& graph, const Engine& engine) {
  EngineRules rules(engine);
  Lowering lowering(rules);
  bring(graph, rules, lowering);
  lowering.run();
  Workload workload{.name = graph.name, .batch = graph.batch, .is_network = true};
  std::unordered_multimap<size_t, size_t> items;
  items.reserve(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!lowering.runs(i)) continue;
    Layer layer = lowered(graph, lowering, i);
    const size_t key = hash(layer);
    auto [begin, end] = items.equal_range(key);
    auto found = std::find_if(begin, end, [&](const auto& item) { return same(workload.items[item.second].layer, layer); });
    if (found == end) {
      found = items.emplace(key, workload.items.size());
      workload.items.push_back({std::move(layer), 0, {}});
    }
    WorkloadItem& item = workload.items[found->second];
    item.count += graph.nodes[i].count;
    item.names.push_back(graph.nodes[i].name);
  }
  return workload;
}

}  // namespace wattlayer
