#include "wattlayer/graph/captured_network.h"

#include <fmt/format.h>

#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/onnx_model.h"
#include "wattlayer/graph/shape_inference.h"
#include "wattlayer/graph/symbols.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

constexpr int64_t newest_opset = 23;

onnx::ValueInfo declaration(const CapturedValue& value) {
  onnx::ValueInfo info{.name = value.name, .dtype = value.tensor.dtype, .shape = std::vector<onnx::Dimension>{}};
  for (int64_t d : value.tensor.shape) info.shape->push_back({.size = d, .name = {}});
  return info;
}

onnx::Node node_of(const CapturedNode& captured) {
  onnx::Node node{.name = captured.name, .op = captured.op};
  // `com.microsoft.Gelu`: all before the last dot is the domain.
  if (const size_t dot = captured.op.rfind('.'); dot != captured.op.npos) {
    node.domain = std::string_view(captured.op).substr(0, dot);
    node.op = std::string_view(captured.op).substr(dot + 1);
  }
  node.inputs.assign(captured.inputs.begin(), captured.inputs.end());
  node.outputs.assign(captured.outputs.begin(), captured.outputs.end());
  for (const auto& [name, value] : captured.attributes) node.attributes.push_back({.name = name, .value = value});
  return node;
}

/// Views into the network, which outlives it.
onnx::Model model_of(const CapturedNetwork& network) {
  onnx::Model model{.ir_version = 10, .opsets = {{"", newest_opset}}};
  model.graph.name = network.name;
  for (const CapturedNode& node : network.nodes) model.graph.nodes.push_back(node_of(node));
  for (const CapturedValue& constant : network.constants) {
    Tensor tensor = constant.tensor;
    tensor.constant = true;
    model.graph.initializers.push_back({constant.name, std::move(tensor)});
  }
  for (const CapturedValue& input : network.inputs) model.graph.inputs.push_back(declaration(input));
  for (const CapturedValue& value : network.values) model.graph.values.push_back(declaration(value));
  for (const std::string& output : network.outputs) model.graph.outputs.push_back({.name = output});
  return model;
}

/// The catalogue's rules against what the framework found: a mapping that is wrong shows here.
void compare_shapes(const CapturedNetwork& network, InferredGraph& inferred) {
  std::unordered_map<std::string_view, const Tensor*> captured;
  for (const CapturedValue& value : network.values) captured.emplace(value.name, &value.tensor);
  for (const Node& node : inferred.graph.nodes)
    for (int output : node.outputs) {
      if (output < 0) continue;
      const auto at = captured.find(inferred.graph.values[static_cast<size_t>(output)]);
      const Tensor& found = inferred.tensors[static_cast<size_t>(output)];
      if (at == captured.end() || !found.known || found.bounded || found.shape == at->second->shape) continue;
      inferred.graph.remarks.push_back(fmt::format("node {} ({}): its output is {} by the operator's rules, {} by the framework",
                                                   node.name, node.layer.op, rules::text(found.shape),
                                                   rules::text(at->second->shape)));
    }
}

}  // namespace

Graph graph_of(const CapturedNetwork& network) try {
  const onnx::Model model = model_of(network);
  const ImportOptions options;
  const BoundInputs inputs = bind_inputs(model.graph, options);
  InferredGraph inferred = infer_shapes(model, inputs, options);
  compare_shapes(network, inferred);
  inferred.graph.remarks.insert(inferred.graph.remarks.begin(), network.remarks.begin(), network.remarks.end());
  inferred.graph.name = network.name;
  return std::move(inferred.graph);
} catch (const Error& e) {
  throw e.within(network.name);
}

}  // namespace wattlayer
