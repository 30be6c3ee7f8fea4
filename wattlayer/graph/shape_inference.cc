#include "wattlayer/graph/shape_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/execution_order.h"
#include "wattlayer/graph/rebatch.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

/// Beyond these a file is not a network but an attack or an accident.
constexpr int deepest_expansion = 64;
constexpr size_t most_expanded_nodes = 200'000;
constexpr double most_elements = 1e15;
constexpr size_t most_elements_of_sequence = 4096;
constexpr double most_unrolled_nodes = 20'000;

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

bool is_constant_node(const onnx::Node& node) { return node.op == "Constant" && node.domain.empty(); }

bool is_random(std::string_view op) { return op.starts_with("Random") || op == "Multinomial" || op == "Bernoulli"; }

void check_size(const Tensor& tensor) {
  for (int64_t d : tensor.shape)
    if (d < 0) invalid(fmt::format("output comes out as {}; dimensions must be 0 or more", rules::text(tensor.shape)));
  if (elements(tensor.shape) > most_elements)
    invalid(fmt::format("output of {} elements ({}) is beyond any machine; check the input shapes", elements(tensor.shape),
                        rules::text(tensor.shape)));
}

/// Names visible at a place of the file: those of the graph itself, then those around it.
struct Scope {
  const Scope* around = nullptr;
  std::unordered_map<std::string_view, int> values;

  std::optional<int> find(std::string_view name) const {
    for (const Scope* scope = this; scope; scope = scope->around)
      if (auto at = scope->values.find(name); at != scope->values.end()) return at->second;
    return std::nullopt;
  }
};

/// Where the walk stands: what a node's meaning depends on besides its inputs.
struct Place {
  const std::map<std::string_view, int64_t>* opsets;
  const std::vector<onnx::NodeAttribute>* arguments = nullptr;  ///< attributes of the function call around, if any
  const onnx::Function* function = nullptr;
  std::string prefix;  ///< of node names
  double count = 1;
  int depth = 0;
};

class Walk {
 public:
  Walk(const onnx::Model& model, const BoundInputs& inputs, const ImportOptions& options, Rebatch* rebatch)
      : model_(model), inputs_(inputs), options_(options), rebatch_(rebatch) {
    for (const onnx::Function& f : model.functions) functions_.emplace(function_key(f.domain, f.name, f.overload), &f);
  }

  InferredGraph run();

 private:
  static std::string function_key(std::string_view domain, std::string_view name, std::string_view overload) {
    return fmt::format("{}:{}:{}", domain, name, overload);
  }

  int add_value(std::string_view name, Tensor tensor, bool inferred = false);
  void define(Scope& scope, std::string_view name, int value);
  void declare(const onnx::Graph& graph);
  void walk_body(const std::vector<onnx::Node>& nodes, Scope& scope, const Place& place);
  void walk_node(const onnx::Node& source, Scope& scope, const Place& place);
  void execute(const onnx::Node& source, Scope& scope, const Place& place, const std::string& op);
  Layer build_layer(const onnx::Node& source, const Place& place, const std::string& op, Node& node);
  void set_attributes(Layer& layer, const onnx::Node& source, const Place& place) const;
  void infer_outputs(const onnx::Node& source, const Place& place, Node& node);
  void keep_outputs(const onnx::Node& source, Scope& scope, Node& node);
  void expand_function(const onnx::Function& function, const onnx::Node& call, Scope& scope, const Place& place);
  void expand_if(const onnx::Node& source, Scope& scope, const Place& place);
  void expand_loop(const onnx::Node& source, Scope& scope, const Place& place);
  void expand_scan(const onnx::Node& source, Scope& scope, const Place& place);
  std::vector<int> walk_graph(const onnx::Graph& graph, Scope& scope, const Place& place);
  void finish_loop(const onnx::Node& source, size_t states, const std::vector<int>& outputs, double trips,
                   const std::vector<int64_t>& axes, Scope& scope, const Place& inside);
  void stack(std::string_view name, int value, double trips, int64_t axis, Scope& scope, const Place& place);
  int carry(int initial, std::string_view name);
  std::pair<double, bool> trip_count(const onnx::Node& source, const Scope& scope, const onnx::Graph& body) const;
  const onnx::Graph& body(const onnx::Node& source, std::string_view name, const Place& place) const;
  const onnx::NodeAttribute* resolve(const onnx::NodeAttribute& written, const Place& place) const;
  std::vector<onnx::NodeAttribute> bound_arguments(const onnx::Node& call, const Place& place) const;
  double price(size_t from) const;
  int input_value(const onnx::Node& source, size_t i, const Scope& scope) const;
  bool is_tolerable(const Layer& layer, const Error& error) const;
  int64_t opset(const Place& place, std::string_view domain) const;
  std::string node_name(const onnx::Node& source, const Place& place) const;
  void remark(std::string text);
  bool walk_sequence(const onnx::Node& source, Scope& scope);
  void keep_sequence(const onnx::Node& source, Scope& scope);
  void split_sequence(const onnx::Node& source, int input, int sizes, int output);
  void join_sequence(const onnx::Node& source, const std::vector<int>& elements, int output);
  bool unroll_loop(const onnx::Node& source, const onnx::Graph& graph, double trips, Scope& scope, const Place& inside);

  const onnx::Model& model_;
  const BoundInputs& inputs_;
  const ImportOptions& options_;
  Rebatch* rebatch_;
  InferredGraph result_;
  size_t expanded_nodes_ = 0;
  std::unordered_map<int, std::vector<int>> sequences_;  ///< values in each sequence of known length
  std::unordered_map<std::string, const onnx::Function*> functions_;
  std::unordered_map<std::string_view, const onnx::ValueInfo*> declared_;
};

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

/// An element at a known place of a known sequence is the value that was put there: no node is needed.
bool Walk::walk_sequence(const onnx::Node& source, Scope& scope) {
  if (source.op != "SequenceAt" || source.outputs.empty()) return false;
  const int sequence = input_value(source, 0, scope), position = input_value(source, 1, scope);
  const auto at = sequences_.find(sequence);
  if (at == sequences_.end() || position < 0) return false;
  const auto value = result_.tensors[static_cast<size_t>(position)].value;
  if (!value || value->size() != 1) return false;
  const int64_t size = static_cast<int64_t>(at->second.size());
  const int64_t index = value->integer(0) < 0 ? value->integer(0) + size : value->integer(0);
  if (index < 0 || index >= size)
    invalid(fmt::format("node {} (SequenceAt): element {} of a sequence of {}", source.name, value->integer(0), size));
  define(scope, source.outputs[0], at->second[static_cast<size_t>(index)]);
  return true;
}

/// Notes the elements of sequences whose length is known; the tensor of a sequence holds one shape for all.
void Walk::keep_sequence(const onnx::Node& source, Scope& scope) {
  constexpr std::string_view operators[] = {"SequenceEmpty",   "SequenceConstruct", "SequenceInsert",
                                            "SplitToSequence", "Identity",          "ConcatFromSequence"};
  if (source.outputs.empty() || std::find(std::begin(operators), std::end(operators), source.op) == std::end(operators)) return;
  const int output = scope.values.at(source.outputs[0]);
  const int first = input_value(source, 0, scope);
  const auto known = sequences_.find(first);
  if (source.op == "SequenceEmpty") sequences_[output] = {};
  if (source.op == "SequenceConstruct")
    for (size_t i = 0; i < source.inputs.size(); ++i) sequences_[output].push_back(input_value(source, i, scope));
  if (source.op == "SplitToSequence") split_sequence(source, first, input_value(source, 1, scope), output);
  if (known == sequences_.end()) return;
  std::vector<int> elements = known->second;
  if (source.op == "Identity") sequences_[output] = std::move(elements);
  if (source.op == "ConcatFromSequence") join_sequence(source, elements, output);
  if (source.op != "SequenceInsert" || elements.size() >= most_elements_of_sequence) return;
  const int position = input_value(source, 2, scope);
  if (position < 0) elements.push_back(input_value(source, 1, scope));
  else {
    const auto value = result_.tensors[static_cast<size_t>(position)].value;
    const int64_t size = static_cast<int64_t>(elements.size());
    const int64_t index = value && value->size() == 1 ? value->integer(0) + (value->integer(0) < 0 ? size : 0) : -1;
    if (index < 0 || index > size) return;
    elements.insert(elements.begin() + index, input_value(source, 1, scope));
  }
  sequences_[output] = std::move(elements);
}

/// Elements of a split with known sizes, with their values where the whole is a known list.
void Walk::split_sequence(const onnx::Node& source, int input, int sizes, int output) {
  const Tensor whole = result_.tensors[static_cast<size_t>(input)];
  const onnx::NodeAttribute* axis = source.find("axis");
  const onnx::NodeAttribute* keep = source.find("keepdims");
  if (!whole.known || whole.shape.empty() || (keep && keep->value != Attribute(int64_t{1}) && sizes < 0)) return;
  const int64_t at = rules::axis(
      axis && axis->value && std::holds_alternative<int64_t>(*axis->value) ? std::get<int64_t>(*axis->value) : 0, whole.rank());
  const int64_t total = whole.shape[static_cast<size_t>(at)];
  if (total > static_cast<int64_t>(most_elements_of_sequence)) return;
  std::vector<int64_t> parts(static_cast<size_t>(total), 1);
  if (sizes >= 0) {
    const Tensor& given = result_.tensors[static_cast<size_t>(sizes)];
    if (!given.value || given.shape.size() != 1 || given.value->is_real) return;
    parts = given.value->integers;
  }
  std::vector<int> elements;
  int64_t begin = 0;
  for (int64_t part : parts) {
    if (part < 0 || part > total - begin) return;
    Tensor element = whole;
    element.shape[static_cast<size_t>(at)] = part;
    element.value = nullptr;
    if (whole.value && whole.rank() == 1 && !whole.value->is_real) {
      const auto from = whole.value->integers.begin() + begin;
      element.value = std::make_shared<Value>(Value::of(std::vector<int64_t>(from, from + part)));
    }
    elements.push_back(add_value("", std::move(element)));
    begin += part;
  }
  result_.graph.carried.push_back(output);
  sequences_[output] = std::move(elements);
}

/// The exact shape of joined elements, which may differ along the axis.
void Walk::join_sequence(const onnx::Node& source, const std::vector<int>& elements, int output) {
  const onnx::NodeAttribute* axis = source.find("axis");
  const onnx::NodeAttribute* added = source.find("new_axis");
  if (elements.empty() || !axis || !axis->value || !std::holds_alternative<int64_t>(*axis->value)) return;
  if (added && added->value != Attribute(int64_t{0})) return;
  Tensor joined = result_.tensors[static_cast<size_t>(elements[0])];
  if (!joined.known || joined.shape.empty()) return;
  const size_t at = static_cast<size_t>(rules::axis(std::get<int64_t>(*axis->value), joined.rank()));
  for (size_t i = 1; i < elements.size(); ++i) {
    const Tensor& element = result_.tensors[static_cast<size_t>(elements[i])];
    if (!element.known || element.rank() != joined.rank() || element.shape[at] > most_elements - joined.shape[at]) return;
    joined.shape[at] += element.shape[at];
  }
  check_size(joined);
  joined.value = nullptr;
  joined.constant = false;
  Node& node = result_.graph.nodes.back();
  auto& unresolved = result_.graph.unresolved;
  if (!unresolved.empty() && unresolved.back() == node.name) unresolved.pop_back();
  node.layer.outputs[0].shape = joined.shape;
  node.layer.outputs[0].known = true;
  node.inputs.insert(node.inputs.end(), elements.begin(), elements.end());
  result_.tensors[static_cast<size_t>(output)] = std::move(joined);
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
void set_tensor_attribute(Layer& layer, std::string_view name, const Tensor& tensor) {
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

DataType arithmetic(const Layer& layer) {
  for (const auto* list : {&layer.inputs, &layer.outputs})
    for (const Tensor& t : *list)
      if (t.present && is_float(t.dtype)) return t.dtype;
  if (!layer.inputs.empty() && layer.inputs[0].present) return layer.inputs[0].dtype;
  return layer.outputs.empty() ? DataType::f32 : layer.outputs[0].dtype;
}

/// A Constant's tensor, from whichever attribute holds it.
std::optional<Tensor> constant_tensor(const Layer& layer) {
  auto made = [](Shape shape, DataType dtype, Value value) {
    Tensor t = Tensor::of(std::move(shape), dtype);
    if (static_cast<int64_t>(value.size()) <= onnx::most_value_elements) t.value = std::make_shared<Value>(std::move(value));
    return t;
  };
  const Attributes& a = layer.attributes;
  if (auto* i = a.find("value_int")) return made({}, DataType::i64, Value::of(std::vector<int64_t>{std::get<int64_t>(*i)}));
  if (a.has("value_ints")) {
    auto list = a.integers("value_ints");
    return made({static_cast<int64_t>(list.size())}, DataType::i64, Value::of(std::move(list)));
  }
  if (a.has("value_float")) return made({}, DataType::f32, Value::of(std::vector<double>{a.real("value_float", 0)}));
  if (auto* f = a.find("value_floats"); f && std::holds_alternative<std::vector<double>>(*f)) {
    auto list = std::get<std::vector<double>>(*f);
    return made({static_cast<int64_t>(list.size())}, DataType::f32, Value::of(std::move(list)));
  }
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

/// MACs of the nodes from `from` on, with bytes as the tie-break between branches without any.
double Walk::price(size_t from) const {
  double total = 0;
  for (size_t i = from; i < result_.graph.nodes.size(); ++i) {
    const Node& node = result_.graph.nodes[i];
    if (node.folded) continue;
    const Cost c = rules::moved(node.layer);
    const bool known =
        std::all_of(node.layer.outputs.begin(), node.layer.outputs.end(), [](const Tensor& t) { return !t.present || t.known; });
    total += node.count * ((known && node.in_catalogue ? cost(node.layer).macs : 0) +
                           1e-3 * (c.input_bytes + c.weight_bytes + c.output_bytes));
  }
  return total;
}

void Walk::expand_function(const onnx::Function& function, const onnx::Node& call, Scope& scope, const Place& place) {
  Scope inner;
  Place body = place;
  body.opsets = &function.opsets;
  body.arguments = &call.attributes;
  body.function = &function;
  body.prefix = node_name(call, place) + "/";
  body.depth = place.depth + 1;
  std::vector<onnx::NodeAttribute> passed_on;
  if (place.arguments) passed_on = bound_arguments(call, place), body.arguments = &passed_on;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const int value = input_value(call, i, scope);
    inner.values.emplace(function.inputs[i], value >= 0 ? value : add_value("", Tensor::absent()));
  }
  walk_body(function.nodes, inner, body);
  for (size_t i = 0; i < std::min(function.outputs.size(), call.outputs.size()); ++i) {
    if (call.outputs[i].empty()) continue;
    const auto value = inner.find(function.outputs[i]);
    if (!value) invalid(fmt::format("function {}: output '{}' is produced by no node", function.name, function.outputs[i]));
    define(scope, call.outputs[i], *value);
  }
}

/// Attributes of a call inside a function: references are replaced by what the outer call passes.
std::vector<onnx::NodeAttribute> Walk::bound_arguments(const onnx::Node& call, const Place& place) const {
  std::vector<onnx::NodeAttribute> bound;
  for (const onnx::NodeAttribute& written : call.attributes) {
    const onnx::NodeAttribute* attribute = resolve(written, place);
    if (!attribute) continue;
    bound.push_back(*attribute);
    bound.back().name = written.name;
    bound.back().reference = {};
  }
  return bound;
}

const onnx::Graph& Walk::body(const onnx::Node& source, std::string_view name, const Place& place) const {
  const onnx::NodeAttribute* attribute = source.find(name);
  if (attribute) attribute = resolve(*attribute, place);
  if (!attribute || attribute->graphs.empty())
    invalid(fmt::format("node {} ({}): attribute {} holds no graph", node_name(source, place), source.op, name));
  return *attribute->graphs.front();
}

void Walk::expand_if(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const int condition = input_value(source, 0, scope);
  const auto value = condition < 0 ? nullptr : result_.tensors[static_cast<size_t>(condition)].value;
  auto walk_branch = [&](std::string_view branch) {
    Scope inner{&scope, {}};
    Place inside = place;
    inside.prefix = fmt::format("{}/{}/", name, branch == "then_branch" ? "then" : "else");
    inside.depth = place.depth + 1;
    return walk_graph(body(source, branch, place), inner, inside);
  };
  auto finish = [&](const std::vector<int>& outputs) {
    for (size_t i = 0; i < std::min(outputs.size(), source.outputs.size()); ++i)
      if (!source.outputs[i].empty()) define(scope, source.outputs[i], outputs[i]);
  };
  // At another batch the network keeps the branches of its own batch, so that both runs number values alike.
  std::optional<Branch> reference;
  if (rebatch_) reference = rebatch_->branch(result_.branches.size());
  const bool known = value && value->size() == 1;
  if (reference ? *reference <= Branch::else_ : known) {
    const bool takes_then = reference ? *reference == Branch::then : value->integer(0) != 0;
    result_.branches.push_back(takes_then ? Branch::then : Branch::else_);
    return finish(walk_branch(takes_then ? "then_branch" : "else_branch"));
  }

  Graph& graph = result_.graph;
  const size_t start = graph.nodes.size(), unresolved = graph.unresolved.size();
  const std::vector<int> then_outputs = walk_branch("then_branch");
  const double then_price = price(start);
  const auto middle = static_cast<std::ptrdiff_t>(graph.nodes.size());
  const auto unresolved_middle = static_cast<std::ptrdiff_t>(graph.unresolved.size());
  const std::vector<int> else_outputs = walk_branch("else_branch");
  const bool takes_then = reference ? *reference == Branch::costlier_then : then_price >= price(static_cast<size_t>(middle));
  result_.branches.push_back(takes_then ? Branch::costlier_then : Branch::costlier_else);
  auto keep = [&](auto& list, size_t from, std::ptrdiff_t between) {
    const auto begin = list.begin() + static_cast<std::ptrdiff_t>(from);
    if (takes_then) list.erase(list.begin() + between, list.end());
    else list.erase(begin, list.begin() + between);
  };
  keep(graph.nodes, start, middle);
  keep(graph.unresolved, unresolved, unresolved_middle);
  remark(fmt::format("node {} (If): the condition is not known before the run; the more expensive branch ({}) is counted", name,
                     takes_then ? "then" : "else"));
  finish(takes_then ? then_outputs : else_outputs);
}

/// Number of iterations, and whether the graph says so.
std::pair<double, bool> Walk::trip_count(const onnx::Node& source, const Scope& scope, const onnx::Graph& body) const {
  auto value_of = [&](size_t i) {
    const int value = input_value(source, i, scope);
    return value < 0 ? nullptr : result_.tensors[static_cast<size_t>(value)].value;
  };
  const auto condition = value_of(1);
  if (condition && condition->size() == 1 && !condition->integer(0)) return {0, true};
  const auto limit = value_of(0);
  // A `for` loop hands its condition on unchanged, or sets it to true; any other may stop early.
  const std::string_view next = body.outputs.empty() ? std::string_view() : body.outputs[0].name;
  bool is_for = body.inputs.size() > 1 && next == body.inputs[1].name;
  for (const onnx::Node& node : body.nodes) {
    const bool makes_next = std::find(node.outputs.begin(), node.outputs.end(), next) != node.outputs.end();
    if (makes_next &&
        (node.op == "Constant" || (node.op == "Identity" && body.inputs.size() > 1 && node.inputs.at(0) == body.inputs[1].name)))
      is_for = true;
    if (makes_next && (node.op == "Cast" || node.op == "Identity") && !node.inputs.empty()) {
      const auto outer = scope.find(node.inputs[0]);
      if (outer && result_.tensors[static_cast<size_t>(*outer)].constant) is_for = true;
    }
  }
  for (const onnx::StoredTensor& stored : body.initializers) is_for = is_for || stored.name == next;
  if (is_for && limit && limit->size() == 1 && limit->integer(0) >= 0 && limit->integer(0) < (int64_t{1} << 40))
    return {static_cast<double>(limit->integer(0)), true};
  return {static_cast<double>(std::max<int64_t>(options_.trip_count, 0)), false};
}

/// A copy of a value that changes from one iteration to the next; the original stays needed.
int Walk::carry(int initial, std::string_view name) {
  Tensor tensor = initial < 0 ? Tensor::absent() : result_.tensors[static_cast<size_t>(initial)];
  tensor.value = nullptr;
  tensor.constant = false;
  if (initial >= 0) result_.graph.carried.push_back(initial);
  return add_value(name, std::move(tensor));
}

/// Puts the iterations' results together along a new axis; the copy of one result happens in each iteration.
void Walk::stack(std::string_view name, int value, double trips, int64_t axis, Scope& scope, const Place& place) {
  Tensor tensor = result_.tensors[static_cast<size_t>(value)];
  Node node;
  node.name = fmt::format("{}{}", place.prefix, name);
  node.count = place.count * trips;
  node.layer.op = "Identity";
  node.layer.inputs = {tensor};
  tensor.value = nullptr;
  tensor.constant = false;
  node.layer.outputs = {tensor};
  node.layer.inputs[0].value = nullptr;
  node.layer.dtype = tensor.dtype;
  node.inputs = {value};
  const int64_t rank = tensor.rank() + 1;
  const int64_t at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) invalid(fmt::format("axis {} is outside a tensor of {} dimensions", axis, rank));
  tensor.shape.insert(tensor.shape.begin() + at, static_cast<int64_t>(trips));
  if (tensor.known) check_size(tensor);
  const int stacked = add_value(name, std::move(tensor));
  define(scope, name, stacked);
  node.outputs = {stacked};
  result_.graph.nodes.push_back(std::move(node));
}

void Walk::expand_loop(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const onnx::Graph& graph = body(source, "body", place);
  const auto [trips, known] = trip_count(source, scope, graph);
  if (!known) remark(fmt::format("node {} (Loop): the trip count is not in the graph; {} assumed", name, trips));
  Scope inner{&scope, {}};
  Place inside = place;
  inside.prefix = name + "/";
  inside.depth = place.depth + 1;
  inside.count = place.count * trips;
  const size_t states = source.inputs.size() > 2 ? source.inputs.size() - 2 : 0;
  if (graph.inputs.size() != states + 2 || graph.outputs.size() < states + 1)
    invalid(fmt::format("node {} (Loop): the body has {} inputs and {} outputs; expected {} and at least {}", name,
                        graph.inputs.size(), graph.outputs.size(), states + 2, states + 1));
  if (known && unroll_loop(source, graph, trips, scope, inside)) return;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    int value = -1;
    if (i >= 2) value = carry(input_value(source, i, scope), graph.inputs[i].name);
    else value = add_value(graph.inputs[i].name, Tensor::of({}, i == 0 ? DataType::i64 : DataType::boolean));
    define(inner, graph.inputs[i].name, value);
  }
  const std::vector<int> outputs = walk_graph(graph, inner, inside);
  finish_loop(source, states, {outputs.begin() + 1, outputs.end()}, trips, {}, scope, inside);
}

/// A loop that fills a sequence is written out iteration by iteration: its elements may differ in shape. False when it is not
/// one.
bool Walk::unroll_loop(const onnx::Node& source, const onnx::Graph& graph, double trips, Scope& scope, const Place& inside) {
  std::vector<int> states;
  bool fills_sequence = false;
  for (size_t i = 2; i < source.inputs.size(); ++i) {
    states.push_back(input_value(source, i, scope));
    fills_sequence = fills_sequence || sequences_.contains(states.back());
  }
  const size_t carried = states.size();
  if (!fills_sequence || graph.outputs.size() != carried + 1 ||
      trips * static_cast<double>(graph.nodes.size() + 1) > most_unrolled_nodes)
    return false;
  if (std::find(states.begin(), states.end(), -1) != states.end()) return false;
  if (rebatch_) {
    const auto before = rebatch_->unrolled(result_.unrolled.size());
    if (!before || *before != trips)
      throw Error(ErrorKind::unsupported,
                  fmt::format("node {} (Loop): its trip count follows the batch; export the network at that batch", source.name));
  }
  result_.unrolled.push_back(trips);
  Place around = inside;
  around.count = inside.count / std::max(trips, 1.0);
  for (int64_t trip = 0; static_cast<double>(trip) < trips; ++trip) {
    Scope inner{&scope, {}};
    Place iteration = around;
    iteration.prefix = fmt::format("{}{}/", inside.prefix, trip);
    Tensor number = Tensor::of({}, DataType::i64), go = Tensor::of({}, DataType::boolean);
    number.value = std::make_shared<Value>(Value::of(std::vector<int64_t>{trip}));
    go.value = std::make_shared<Value>(Value::of(std::vector<int64_t>{1}));
    number.constant = go.constant = true;
    define(inner, graph.inputs[0].name, add_value(graph.inputs[0].name, std::move(number)));
    define(inner, graph.inputs[1].name, add_value(graph.inputs[1].name, std::move(go)));
    for (size_t i = 0; i < carried; ++i) define(inner, graph.inputs[i + 2].name, states[i]);
    const std::vector<int> outputs = walk_graph(graph, inner, iteration);
    states.assign(outputs.begin() + 1, outputs.end());
  }
  for (size_t i = 0; i < std::min(carried, source.outputs.size()); ++i)
    if (!source.outputs[i].empty()) define(scope, source.outputs[i], states[i]);
  return true;
}

/// Binds the outputs of a Loop or Scan: first the last states, then the stacked results.
void Walk::finish_loop(const onnx::Node& source, size_t states, const std::vector<int>& outputs, double trips,
                       const std::vector<int64_t>& axes, Scope& scope, const Place& inside) {
  Place around = inside;
  around.count = trips > 0 ? inside.count / trips : 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i < states) result_.graph.carried.push_back(outputs[i]);
    if (i >= source.outputs.size() || source.outputs[i].empty()) continue;
    if (i >= states) {
      stack(source.outputs[i], outputs[i], trips, i - states < axes.size() ? axes[i - states] : 0, scope, around);
      continue;
    }
    // The last state is a result of the whole loop, even where one iteration's would be constant.
    Tensor& last = result_.tensors[static_cast<size_t>(outputs[i])];
    last.value = nullptr;
    define(scope, source.outputs[i], outputs[i]);
  }
}

void Walk::expand_scan(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const onnx::Graph& graph = body(source, "body", place);
  auto integers = [&](std::string_view attribute) {
    const onnx::NodeAttribute* a = source.find(attribute);
    a = a ? resolve(*a, place) : nullptr;
    return a && a->value && std::holds_alternative<std::vector<int64_t>>(*a->value) ? std::get<std::vector<int64_t>>(*a->value)
                                                                                    : std::vector<int64_t>{};
  };
  const onnx::NodeAttribute* count = source.find("num_scan_inputs");
  const int64_t scanned =
      count && count->value && std::holds_alternative<int64_t>(*count->value) ? std::get<int64_t>(*count->value) : 0;
  const size_t total = source.inputs.size();
  if (scanned < 1 || static_cast<size_t>(scanned) > total || graph.inputs.size() != total || opset(place, "") < 9)
    invalid(fmt::format(
        "node {} (Scan): {} inputs, {} of them scanned, body with {}; expected opset 9 or newer and as many as the body has",
        name, total, scanned, graph.inputs.size()));
  const size_t states = total - static_cast<size_t>(scanned);
  if (graph.outputs.size() < states) invalid(fmt::format("node {} (Scan): the body has fewer outputs than states", name));
  Scope inner{&scope, {}};
  Place inside = place;
  inside.prefix = name + "/";
  inside.depth = place.depth + 1;
  const std::vector<int64_t> axes = integers("scan_input_axes");
  double trips = -1;
  for (size_t i = 0; i < total; ++i) {
    const int value = carry(input_value(source, i, scope), graph.inputs[i].name);
    define(inner, graph.inputs[i].name, value);
    Tensor& slice = result_.tensors[static_cast<size_t>(value)];
    if (i < states || !slice.known || slice.shape.empty()) continue;
    const int64_t at = rules::axis(i - states < axes.size() ? axes[i - states] : 0, slice.rank());
    trips = static_cast<double>(slice.shape[static_cast<size_t>(at)]);
    slice.shape.erase(slice.shape.begin() + at);
  }
  if (trips < 0) {
    trips = static_cast<double>(std::max<int64_t>(options_.trip_count, 0));
    remark(fmt::format("node {} (Scan): the length is not known; {} assumed", name, trips));
  }
  inside.count = place.count * trips;
  finish_loop(source, states, walk_graph(graph, inner, inside), trips, integers("scan_output_axes"), scope, inside);
}

}  // namespace

InferredGraph infer_shapes(const onnx::Model& model, const BoundInputs& inputs, const ImportOptions& options, Rebatch* rebatch) {
  return Walk(model, inputs, options, rebatch).run();
}

}  // namespace wattlayer
