#include "wattlayer/bench/task.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

bool resolved(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& t) { return !t.present || t.known; });
}

void require_shapes(const Layer& layer, const std::string& name) {
  if (!resolved(layer.inputs) || !resolved(layer.outputs))
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: cannot be run, the shape of an input or output of {} is not known; state the network's inputs "
                            "with --input or --dim",
                            name, layer.op));
}

}  // namespace

Task layer_task(const Layer& layer) {
  const std::string text = print(layer);
  require_shapes(layer, text);
  Task task{.workload = {.name = text, .items = {{.layer = layer}}}, .graph = {.name = text}};
  Node node{.name = layer.op, .layer = layer};
  auto add = [&](const std::string& name) {
    task.graph.values.push_back(name);
    return static_cast<int>(task.graph.values.size()) - 1;
  };
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const Tensor& t = layer.inputs[i];
    node.inputs.push_back(t.present ? add(fmt::format("input{}", i)) : -1);
    if (t.present && !t.constant && !t.value) task.graph.inputs.push_back(node.inputs.back());
  }
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    node.outputs.push_back(layer.outputs[i].present ? add(fmt::format("output{}", i)) : -1);
    // What overwrites its input is no result that someone waits for.
    if (layer.outputs[i].present) task.graph.outputs.push_back(node.outputs.back());
  }
  const Tensor& first = layer.input(0);
  task.workload.batch = task.graph.batch = first.present && first.rank() > 0 ? std::max<int64_t>(1, first.shape[0]) : 1;
  task.graph.nodes.push_back(std::move(node));
  return task;
}

Task network_task(const Graph& graph, const Engine& engine, DataType dtype) {
  Task task{.workload = with_dtype(lower(graph, engine), dtype), .graph = with_dtype(executed(graph, engine), dtype)};
  for (const Node& node : task.graph.nodes) require_shapes(node.layer, graph.name + ": " + node.name);
  return task;
}

}  // namespace wattlayer
