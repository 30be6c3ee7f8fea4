#include "wattlayer/report/inspection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "wattlayer/graph/weights.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/report/shapes_text.h"

namespace wattlayer {
namespace {

/// Weights are real numbers or quantised ones; longer integers and truth values are shapes, indices and masks.
bool is_weight_type(DataType type) { return is_float(type) || (is_integer(type) && bits(type) <= 8); }

bool is_parameter(const Node& node, size_t input) {
  const Tensor& tensor = node.layer.input(input);
  const bool only_measured = node.layer.op == "Shape" || node.layer.op == "Size";
  return tensor.present && tensor.constant && tensor.known && !is_running_statistic(node, input) && !only_measured &&
         is_weight_type(tensor.dtype);
}

bool is_resolved(const Layer& layer) {
  auto known = [](const Tensor& t) { return !t.present || t.known; };
  return std::all_of(layer.inputs.begin(), layer.inputs.end(), known) &&
         std::all_of(layer.outputs.begin(), layer.outputs.end(), known);
}

NodeRow node_row(const Node& node) {
  NodeRow row;
  row.name = node.name;
  row.op = node.layer.op;
  row.shapes = shapes_text(node.layer);
  row.count = node.count;
  row.folded = node.folded;
  row.in_catalogue = node.in_catalogue;
  row.resolved = is_resolved(node.layer);
  if (row.resolved) row.layer = print(node.layer);
  for (size_t i = 0; i < node.layer.inputs.size(); ++i)
    if (is_parameter(node, i)) row.parameters += node.layer.input(i).elements();
  if (node.folded) return row;
  const Operator* block = find_operator(node.layer.op);
  if (row.resolved && block) row.macs = cost(node.layer).macs * node.count;
  if (!block || block->family != Family::view)
    for (const Tensor& output : node.layer.outputs) row.activations += output.elements() * node.count;
  return row;
}

/// Name, type and shape of values, found at the nodes that touch them.
std::vector<std::string> value_texts(const Graph& graph, const std::vector<int>& wanted) {
  std::unordered_map<int, const Tensor*> tensors;
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) tensors.try_emplace(node.inputs[i], &node.layer.input(i));
    for (size_t i = 0; i < node.outputs.size(); ++i) tensors.insert_or_assign(node.outputs[i], &node.layer.output(i));
  }
  std::vector<std::string> texts;
  for (int value : wanted) {
    if (value < 0 || static_cast<size_t>(value) >= graph.values.size()) continue;
    const auto at = tensors.find(value);
    const std::string& value_name = graph.values[static_cast<size_t>(value)];
    if (at == tensors.end()) {
      texts.push_back(value_name);
      continue;
    }
    const Tensor& t = *at->second;
    const std::string shape = !t.known ? "?" : t.shape.empty() ? "scalar" : fmt::format("{}", fmt::join(t.shape, "x"));
    texts.push_back(fmt::format("{} {} {}", value_name, name(t.dtype), shape));
  }
  return texts;
}

void add_parameters(Inspection& result, const Graph& graph) {
  std::unordered_set<int> produced, counted;
  for (const Node& node : graph.nodes)
    for (int value : node.outputs) produced.insert(value);
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int value = node.inputs[i];
      if (!is_parameter(node, i) || produced.contains(value) || !counted.insert(value).second) continue;
      result.parameters += node.layer.input(i).elements();
      result.weight_bytes += node.layer.input(i).bytes();
    }
  }
}

std::vector<NodesOfOperator> by_operator(const std::vector<NodeRow>& nodes) {
  std::vector<NodesOfOperator> rows;
  std::unordered_map<std::string, size_t> at;
  for (const NodeRow& node : nodes) {
    const auto [place, added] = at.try_emplace(node.op, rows.size());
    if (added) rows.push_back({.op = node.op, .in_catalogue = node.in_catalogue});
    NodesOfOperator& row = rows[place->second];
    row.nodes += 1;
    row.macs += node.macs;
    row.parameters += node.parameters;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const NodesOfOperator& a, const NodesOfOperator& b) {
    return a.macs != b.macs ? a.macs > b.macs : a.nodes > b.nodes;
  });
  return rows;
}

}  // namespace

Inspection inspect(const Graph& graph) {
  Inspection result;
  result.network = graph.name;
  result.batch = graph.batch;
  result.inputs = value_texts(graph, graph.inputs);
  result.outputs = value_texts(graph, graph.outputs);
  result.nodes.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    result.nodes.push_back(node_row(node));
    result.macs += result.nodes.back().macs;
    result.activations += result.nodes.back().activations;
  }
  add_parameters(result, graph);
  result.operators = by_operator(result.nodes);
  result.unresolved = graph.unresolved;
  result.remarks = graph.remarks;
  return result;
}

}  // namespace wattlayer
