#include "wattlayer/graph/execution_order.h"

#include <functional>
#include <string>
#include <unordered_map>

#include "wattlayer/core/error.h"

namespace wattlayer::onnx {
namespace {

using Producers = std::unordered_map<std::string_view, size_t>;

/// Calls visit for each value that a node reads, names that its bodies take from outside included.
void each_read(const Node& node, const std::function<void(std::string_view)>& visit) {
  for (std::string_view input : node.inputs)
    if (!input.empty()) visit(input);
  for (const NodeAttribute& attribute : node.attributes)
    for (const auto& graph : attribute.graphs) {
      std::unordered_set<std::string_view> own;
      for (const ValueInfo& input : graph->inputs) own.insert(input.name);
      for (const StoredTensor& tensor : graph->initializers) own.insert(tensor.name);
      for (const Node& inner : graph->nodes) own.insert(inner.outputs.begin(), inner.outputs.end());
      auto visit_outer = [&](std::string_view name) {
        if (!own.contains(name)) visit(name);
      };
      for (const Node& inner : graph->nodes) each_read(inner, visit_outer);
      for (const ValueInfo& output : graph->outputs) visit_outer(output.name);
    }
}

Producers find_producers(const std::vector<Node>& nodes) {
  Producers producers;
  producers.reserve(nodes.size() * 2);
  for (size_t i = 0; i < nodes.size(); ++i)
    for (std::string_view output : nodes[i].outputs)
      if (!output.empty() && !producers.emplace(output, i).second)
        throw Error(ErrorKind::invalid_input,
                    "value '" + std::string(output) + "' is produced by two nodes; names must be unique");
  return producers;
}

bool is_ordered(const std::vector<Node>& nodes, const Producers& producers) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    bool ordered = true;
    each_read(nodes[i], [&](std::string_view name) {
      auto at = producers.find(name);
      ordered = ordered && (at == producers.end() || at->second < i);
    });
    if (!ordered) return false;
  }
  return true;
}

}  // namespace

std::vector<const Node*> execution_order(const std::vector<Node>& nodes) {
  const Producers producers = find_producers(nodes);
  std::vector<const Node*> order;
  order.reserve(nodes.size());
  if (is_ordered(nodes, producers)) {
    for (const Node& node : nodes) order.push_back(&node);
    return order;
  }
  std::vector<std::vector<size_t>> readers(nodes.size());
  std::vector<size_t> waiting(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    each_read(nodes[i], [&](std::string_view name) {
      if (auto at = producers.find(name); at != producers.end()) readers[at->second].push_back(i), ++waiting[i];
    });
  std::vector<size_t> ready;
  for (size_t i = nodes.size(); i-- > 0;)
    if (waiting[i] == 0) ready.push_back(i);
  while (!ready.empty()) {
    const size_t next = ready.back();
    ready.pop_back();
    order.push_back(&nodes[next]);
    for (size_t reader : readers[next])
      if (--waiting[reader] == 0) ready.push_back(reader);
  }
  if (order.size() < nodes.size()) {
    for (size_t i = 0; i < nodes.size(); ++i)
      if (waiting[i] > 0)
        throw Error(ErrorKind::invalid_input, "node '" + std::string(nodes[i].name.empty() ? nodes[i].op : nodes[i].name) +
                                                  "' needs its own result: the graph has a cycle; expected none");
  }
  return order;
}

}  // namespace wattlayer::onnx
