#include "wattlayer/graph/shape_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/execution_order.h"
#include "wattlayer/graph/walk.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

bool is_constant_node(const onnx::Node& node) { return node.op == "Constant" && node.domain.empty(); }

bool is_random(std::string_view op) { return op.starts_with("Random") || op == "Multinomial" || op == "Bernoulli"; }

}  // namespace

void check_size(const Tensor& tensor) {
  for (int64_t d : tensor.shape)
    if (d < 0) invalid(fmt::format("output comes out as {}; dimensions must be 0 or more", rules::text(tensor.shape)));
  if (elements(tensor.shape) > most_elements)
    invalid(fmt::format("output of {} elements ({}) is beyond any machine; check the input shapes", elements(tensor.shape),
                        rules::text(tensor.shape)));
}

int Walk::add_value(std::string_view name, Tensor tensor, bool inferred) {
  if (rebatch_ && !inferred) rebatch_->add_value(static_cast<int>(result_.tensors.size()), tensor);
  result_.graph.values.emplace_back(name);
  result_.tensors.push_back(std::move(tensor));
  return static_cast<int>(result_.tensors.size()) - 1;
}

void Walk::define(Scope& scope, std::string_view name, int value) {
  if (!scope.values.emplace(name, value).second) invalid(fmt::format("value '{}' is defined twice; names must be unique", name));
}

void Walk::declare(const onnx::Graph& graph) {
  for (const onnx::ValueInfo& info : graph.values) declared_.emplace(info.name, &info);
  for (const onnx::ValueInfo& info : graph.outputs) declared_.emplace(info.name, &info);
}

InferredGraph Walk::run() {
  Graph& graph = result_.graph;
  graph.name = model_.graph.name;
  graph.batch = inputs_.batch;
  graph.remarks = inputs_.remarks;
  graph.nodes.reserve(model_.graph.nodes.size());
  const size_t expected = model_.graph.nodes.size() + model_.graph.initializers.size() + inputs_.tensors.size() + 16;
  graph.values.reserve(expected);
  result_.tensors.reserve(expected);
  Scope scope;
  scope.values.reserve(expected);
  for (size_t i = 0; i < inputs_.tensors.size(); ++i) {
    const int value = add_value(inputs_.declared[i]->name, inputs_.tensors[i]);
    define(scope, inputs_.declared[i]->name, value);
    graph.inputs.push_back(value);
  }
  Place place;
  place.opsets = &model_.opsets;
  graph.outputs = walk_graph(model_.graph, scope, place);
  return std::move(result_);
}

/// Walks a graph whose inputs are in scope already; returns its outputs.
std::vector<int> Walk::walk_graph(const onnx::Graph& graph, Scope& scope, const Place& place) {
  declare(graph);
  for (const onnx::StoredTensor& stored : graph.initializers) define(scope, stored.name, add_value(stored.name, stored.tensor));
  walk_body(graph.nodes, scope, place);
  std::vector<int> outputs;
  for (const onnx::ValueInfo& output : graph.outputs) {
    const auto value = scope.find(output.name);
    if (!value) invalid(fmt::format("output '{}' is produced by no node; the file is incomplete", output.name));
    outputs.push_back(*value);
  }
  return outputs;
}

void Walk::walk_body(const std::vector<onnx::Node>& nodes, Scope& scope, const Place& place) {
  if (place.depth > deepest_expansion)
    invalid(fmt::format("functions and bodies are nested more than {} deep; simplify the network", deepest_expansion));
  for (const onnx::Node* node : onnx::execution_order(nodes)) walk_node(*node, scope, place);
}

std::string Walk::node_name(const onnx::Node& source, const Place& place) const {
  if (!source.name.empty()) return place.prefix + std::string(source.name);
  for (std::string_view output : source.outputs)
    if (!output.empty()) return fmt::format("{}{}:{}", place.prefix, source.op, output);
  return place.prefix + std::string(source.op);
}

void Walk::remark(std::string text) {
  auto& remarks = result_.graph.remarks;
  if (std::find(remarks.begin(), remarks.end(), text) == remarks.end() && remarks.size() < 100)
    remarks.push_back(std::move(text));
}

int64_t Walk::opset(const Place& place, std::string_view domain) const {
  auto at = place.opsets->find(domain);
  if (at != place.opsets->end()) return at->second;
  at = model_.opsets.find(domain);
  return at != model_.opsets.end() ? at->second : 1;
}

void Walk::walk_node(const onnx::Node& source, Scope& scope, const Place& place) {
  if (place.depth > 0 && ++expanded_nodes_ > most_expanded_nodes)
    invalid(fmt::format("more than {} nodes after expansion; simplify the network", most_expanded_nodes));
  if (source.domain.empty()) {
    if (source.op == "If") return expand_if(source, scope, place);
    if (source.op == "Loop") return expand_loop(source, scope, place);
    if (source.op == "Scan") return expand_scan(source, scope, place);
  }
  const std::string op = source.domain.empty() ? std::string(source.op) : fmt::format("{}.{}", source.domain, source.op);
  if (!functions_.empty() && !find_operator(op)) {
    auto at = functions_.find(function_key(source.domain, source.op, source.overload));
    if (at != functions_.end()) return expand_function(*at->second, source, scope, place);
  }
  if (source.domain.empty() && walk_sequence(source, scope)) return;
  execute(source, scope, place, op);
  if (source.domain.empty()) keep_sequence(source, scope);
}

int Walk::input_value(const onnx::Node& source, size_t i, const Scope& scope) const {
  if (i >= source.inputs.size() || source.inputs[i].empty()) return -1;
  const auto value = scope.find(source.inputs[i]);
  if (!value) invalid(fmt::format("input '{}' is produced by no node; the file is incomplete", source.inputs[i]));
  return *value;
}

void Walk::execute(const onnx::Node& source, Scope& scope, const Place& place, const std::string& op) {
  Node node;
  node.name = node_name(source, place);
  node.count = place.count;
  try {
    for (size_t i = 0; i < source.inputs.size(); ++i) node.inputs.push_back(input_value(source, i, scope));
    node.layer = build_layer(source, place, op, node);
    infer_outputs(source, place, node);
    keep_outputs(source, scope, node);
  } catch (const Error& e) {
    // Rules begin their messages with the operator, which the context names already.
    std::string_view message = e.what();
    if (message.starts_with(op + ": ")) message.remove_prefix(op.size() + 2);
    throw Error(e.kind(), std::string(message)).within(fmt::format("node {} ({})", node.name, source.op));
  }
  result_.graph.nodes.push_back(std::move(node));
}

Layer Walk::build_layer(const onnx::Node& source, const Place& place, const std::string& op, Node& node) {
  Layer layer;
  layer.op = op;
  layer.inputs.reserve(node.inputs.size());
  for (int value : node.inputs)
    layer.inputs.push_back(value < 0 ? Tensor::absent() : result_.tensors[static_cast<size_t>(value)]);
  layer.outputs.resize(std::max<size_t>(source.outputs.size(), 1));
  for (size_t i = 0; i < source.outputs.size(); ++i) layer.outputs[i].present = !source.outputs[i].empty();
  for (Tensor& out : layer.outputs) out.known = false;
  set_attributes(layer, source, place);
  return layer;
}

/// A tensor as attribute is its elements, shape and type (operator.h).
static void set_tensor_attribute(Layer& layer, std::string_view name, const Tensor& tensor) {
  const std::string key(name);
  if (tensor.value) {
    if (tensor.value->is_real) layer.attributes.set(key, tensor.value->reals);
    else layer.attributes.set(key, tensor.value->integers);
  }
  layer.attributes.set(key + "_shape", tensor.shape);
  layer.attributes.set(key + "_dtype", std::string(wattlayer::name(tensor.dtype)));
}

/// The attribute itself, or the one of the function call that it refers to; nullptr when the caller leaves that out.
const onnx::NodeAttribute* Walk::resolve(const onnx::NodeAttribute& written, const Place& place) const {
  if (written.reference.empty()) return &written;
  auto named = [&](const onnx::NodeAttribute& a) { return a.name == written.reference; };
  for (const auto* list : {place.arguments, place.function ? &place.function->attributes : nullptr}) {
    if (!list) continue;
    if (auto at = std::find_if(list->begin(), list->end(), named); at != list->end()) return &*at;
  }
  return nullptr;
}

void Walk::set_attributes(Layer& layer, const onnx::Node& source, const Place& place) const {
  for (const onnx::NodeAttribute& written : source.attributes) {
    const onnx::NodeAttribute* attribute = resolve(written, place);
    if (!attribute) continue;  // stands at its default
    if (attribute->tensor) set_tensor_attribute(layer, written.name, *attribute->tensor);
    else if (attribute->value) layer.attributes.set(written.name, *attribute->value);
  }
}

/// A Constant's tensor, from whichever attribute holds it.
static std::optional<Tensor> constant_tensor(const Layer& layer) {
  auto made = [](DataType dtype, Value value, bool scalar) {
    Tensor t = Tensor::of(scalar ? Shape{} : Shape{static_cast<int64_t>(value.size())}, dtype);
    if (static_cast<int64_t>(value.size()) <= onnx::most_value_elements) t.value = std::make_shared<Value>(std::move(value));
    return t;
  };
  const Attributes& a = layer.attributes;
  if (a.has("value_int")) return made(DataType::i64, Value::of(std::vector<int64_t>{a.integer("value_int", 0)}), true);
  if (a.has("value_ints")) return made(DataType::i64, Value::of(a.integers("value_ints")), false);
  if (a.has("value_float")) return made(DataType::f32, Value::of(std::vector<double>{a.real("value_float", 0)}), true);
  if (auto* f = a.find("value_floats"); f && std::holds_alternative<std::vector<double>>(*f))
    return made(DataType::f32, Value::of(std::get<std::vector<double>>(*f)), false);
  if (a.has("value_string")) return Tensor::of({}, DataType::string);
  if (auto* s = a.find("value_strings"); s && std::holds_alternative<std::vector<std::string>>(*s))
    return Tensor::of({static_cast<int64_t>(std::get<std::vector<std::string>>(*s).size())}, DataType::string);
  return std::nullopt;
}

/// Exporters write a few nodes that contradict their operator (an axis beyond the rank). At the file's own sizes those stay
/// unresolved and are named; matrix operators, and sizes that the user chose, are errors.
bool Walk::is_tolerable(const Layer& layer, const Error& error) const {
  if (error.kind() != ErrorKind::invalid_input || !options_.inputs.empty() || !options_.dimensions.empty()) return false;
  const Operator* op = find_operator(layer.op);
  const Family family = op ? op->family : Family::control;
  return family != Family::conv && family != Family::gemm && family != Family::recurrent && family != Family::attention &&
         family != Family::pool;
}

void Walk::infer_outputs(const onnx::Node& source, const Place& place, Node& node) {
  Layer& layer = node.layer;
  node.in_catalogue = find_operator(layer.op) != nullptr;
  if (is_constant_node(source)) {
    node.in_catalogue = true;
    const onnx::NodeAttribute* tensor = source.find("value");
    if (!tensor) tensor = source.find("sparse_value");
    std::optional<Tensor> held = tensor && tensor->tensor ? tensor->tensor : constant_tensor(layer);
    if (!held) invalid("a Constant needs one of value, value_int, value_ints, value_float, value_floats, value_string");
    layer.outputs[0] = std::move(*held);
    layer.attributes = {};
  } else {
    const int version = static_cast<int>(std::min<int64_t>(opset(place, source.domain), 1000));
    const size_t outputs = layer.outputs.size();
    try {
      if (rebatch_) rebatch_->infer(layer, version, node.inputs, static_cast<int>(result_.tensors.size()));
      else infer(layer, version);
    } catch (const Error& e) {
      if (!is_tolerable(layer, e)) throw;
      remark(fmt::format("node {}: {}; its shape stays unknown", node.name, e.what()));
      for (Tensor& out : layer.outputs) out.known = false;
    }
    layer.outputs.resize(outputs);
  }
  layer.dtype = arithmetic(layer);
}

void Walk::keep_outputs(const onnx::Node& source, Scope& scope, Node& node) {
  Layer& layer = node.layer;
  const bool deterministic = !is_random(source.op);
  const bool all_constant = deterministic && std::all_of(layer.inputs.begin(), layer.inputs.end(),
                                                         [](const Tensor& t) { return !t.present || t.constant; });
  bool values_known = true, resolved = true;
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    Tensor& out = layer.outputs[i];
    if (!out.present || i >= source.outputs.size()) continue;
    if (!out.known) {
      auto at = declared_.find(source.outputs[i]);
      const auto shape = at == declared_.end() ? std::nullopt : declared_shape(*at->second, inputs_.dimensions);
      if (shape) out.shape = *shape, out.dtype = at->second->dtype, out.known = true;
    }
    if (out.known) check_size(out);
    if (out.value && out.value->size() > static_cast<size_t>(onnx::most_value_elements)) out.value = nullptr;
    resolved = resolved && out.known;
    values_known = values_known && out.value;
  }
  node.folded = all_constant || (values_known && deterministic);
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    Tensor& out = layer.outputs[i];
    out.constant = node.folded;
    if (!out.present || i >= source.outputs.size()) {
      node.outputs.push_back(-1);
      continue;
    }
    const int value = add_value(source.outputs[i], out, !is_constant_node(source));
    define(scope, source.outputs[i], value);
    node.outputs.push_back(value);
    out.value = nullptr;
    out.constant = false;
  }
  if (!resolved) result_.graph.unresolved.push_back(node.name);
  strip_defaults(layer);
}

InferredGraph infer_shapes(const onnx::Model& model, const BoundInputs& inputs, const ImportOptions& options, Rebatch* rebatch) {
  return Walk(model, inputs, options, rebatch).run();
}

}  // namespace wattlayer
