#include "wattlayer/graph/step_graph.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {

StepGraph::StepGraph(Graph network) : graph(std::move(network)), tensors_(graph.values.size(), Tensor::absent()) {
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] >= 0) tensors_[static_cast<size_t>(node.inputs[i])] = node.layer.input(i);
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] >= 0) tensors_[static_cast<size_t>(node.outputs[i])] = node.layer.output(i);
  }
}

int StepGraph::value(std::string name, Tensor tensor) {
  graph.values.push_back(std::move(name));
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(tensors_.size()) - 1;
}

int StepGraph::scalar(double number, DataType dtype) {
  Tensor tensor = Tensor::of({}, dtype);
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(Value::of(std::vector<double>{number}));
  return value("constant_" + std::to_string(size()), std::move(tensor));
}

size_t StepGraph::put(std::string name, Layer layer, std::vector<int> inputs, double count) {
  Node node{.name = std::move(name), .layer = std::move(layer), .inputs = std::move(inputs), .count = count};
  node.in_catalogue = find_operator(node.layer.op) != nullptr;
  for (size_t i = 0; i < node.layer.outputs.size(); ++i) {
    const Tensor& output = node.layer.outputs[i];
    node.outputs.push_back(output.present ? value(i ? fmt::format("{}:{}", node.name, i) : node.name, output) : -1);
  }
  graph.nodes.push_back(std::move(node));
  return graph.nodes.size() - 1;
}

int StepGraph::add(std::string name, std::string_view op, std::vector<int> inputs,
                   const std::vector<Attributes::Item>& attributes) {
  Layer layer{.op = std::string(op)};
  for (int i : inputs) layer.inputs.push_back(tensor(i));
  for (const auto& [key, attribute] : attributes) layer.attributes.set(key, attribute);
  layer.outputs.resize(1);
  infer(layer);
  layer.dtype = arithmetic(layer);
  strip_defaults(layer);
  return graph.nodes[put(std::move(name), std::move(layer), std::move(inputs))].outputs[0];
}

void StepGraph::train() {
  for (Node& node : graph.nodes) {
    const Operator* op = node.folded ? nullptr : find_operator(node.layer.op);
    if (!op || !op->train) continue;
    op->train(node.layer);
    for (Tensor& output : node.layer.outputs) output.present = true;
    try {
      infer(node.layer);
    } catch (const Error& e) {
      throw e.within(graph.name + ": node " + node.name + " in training");
    }
    node.outputs.resize(node.layer.outputs.size(), -1);
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] < 0) node.outputs[i] = value(fmt::format("{}:{}", node.name, i), node.layer.outputs[i]);
      else tensors_[static_cast<size_t>(node.outputs[i])] = node.layer.outputs[i];
  }
}

}  // namespace wattlayer
