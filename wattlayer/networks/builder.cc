#include "wattlayer/networks/builder.h"

#include <fmt/format.h>

#include <cstring>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {

GraphBuilder::GraphBuilder(std::string name, const NetworkSpec& spec)
    : name_(std::move(name)), own_(spec.pad ? nullptr : std::make_unique<SketchPad>()), sketching_(spec.pad != nullptr) {
  SketchPad& pad = spec.pad ? *spec.pad : *own_;
  layers_ = &pad.layers;
  sketch_ = &pad.sketch;
  sketch_->clear();
  sketch_->batch = spec.batch;
  kinds_.reserve(512);
}

void GraphBuilder::describe(std::string_view text) {
  description_ += text;
  description_ += '\0';
}

void GraphBuilder::describe(int64_t number) { description_.append(reinterpret_cast<const char*>(&number), sizeof number); }

void GraphBuilder::describe_attribute(const Attribute& attribute) {
  describe(static_cast<int64_t>(attribute.index()));
  if (auto* i = std::get_if<int64_t>(&attribute)) return describe(*i);
  if (auto* s = std::get_if<std::string>(&attribute)) return describe(std::string_view(*s));
  if (auto* d = std::get_if<double>(&attribute)) return describe(std::string_view(reinterpret_cast<const char*>(d), sizeof *d));
  if (auto* list = std::get_if<std::vector<int64_t>>(&attribute)) {
    describe(static_cast<int64_t>(list->size()));
    for (int64_t i : *list) describe(i);
  } else if (auto* reals = std::get_if<std::vector<double>>(&attribute)) {
    describe(static_cast<int64_t>(reals->size()));
    for (double d : *reals) describe(std::string_view(reinterpret_cast<const char*>(&d), sizeof d));
  } else {
    for (const std::string& s : std::get<std::vector<std::string>>(attribute)) describe(std::string_view(s));
  }
}

int GraphBuilder::kind_of(const Tensor& tensor) {
  description_.clear();
  describe("tensor");
  describe(static_cast<int64_t>(tensor.dtype) * 16 + tensor.constant * 8 + tensor.bounded * 4 + tensor.present * 2 +
           tensor.known);
  describe(static_cast<int64_t>(tensor.shape.size()));
  for (int64_t d : tensor.shape) describe(d);
  if (tensor.value) {
    describe(int64_t{tensor.value->is_real});
    for (int64_t i : tensor.value->integers) describe(i);
    for (double d : tensor.value->reals) describe(std::string_view(reinterpret_cast<const char*>(&d), sizeof d));
  }
  return layers_->tensor(description_, [&] { return tensor; });
}

int GraphBuilder::value(Origin origin, int kind) {
  kinds_.push_back(kind);
  if (!sketching_) origins_.push_back(origin);
  return sketch_->values++;
}

int GraphBuilder::input(Shape shape, DataType dtype) {
  const int number = value(Origin::input, kind_of(Tensor::of(std::move(shape), dtype)));
  sketch_->inputs.push_back(number);
  return number;
}

int GraphBuilder::weight(Shape shape, DataType dtype) {
  Tensor tensor = Tensor::of(std::move(shape), dtype);
  tensor.constant = true;
  return value(Origin::weight, kind_of(tensor));
}

int GraphBuilder::constant(std::vector<int64_t> values) {
  Tensor tensor = Tensor::of({static_cast<int64_t>(values.size())}, DataType::i64);
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(Value::of(std::move(values)));
  return value(Origin::constant, kind_of(tensor));
}

int GraphBuilder::scalar(double number) {
  Tensor tensor = Tensor::of({});
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(Value::of(std::vector<double>{number}));
  return value(Origin::constant, kind_of(tensor));
}

/// A step that nobody has made before: its layer is inferred.
BuiltLayers::Made GraphBuilder::make(std::string_view op, const std::vector<int>& inputs,
                                     std::initializer_list<Attributes::Item> attributes) {
  Layer layer{.op = std::string(op)};
  for (int i : inputs) layer.inputs.push_back(i < 0 ? Tensor::absent() : tensor(i));
  for (const auto& [name, attribute] : attributes) layer.attributes.set(name, attribute);
  layer.outputs.resize(1);
  const std::string node = fmt::format("{}_{}", op, sketch_->nodes.size());
  try {
    infer(layer);
  } catch (const Error& e) {
    throw e.within(fmt::format("network {}: node {}", name_, node));
  }
  if (!find_operator(op) || !layer.outputs[0].known)
    throw Error(ErrorKind::internal, fmt::format("network {}: the shape of node {} is unknown", name_, node));
  layer.dtype = arithmetic(layer);
  strip_defaults(layer);
  const int kind = kind_of(layer.outputs[0]);
  return {&layers_->keep(std::move(layer)), kind, {}};
}

int GraphBuilder::take(const BuiltLayers::Made& made, const int* inputs, size_t count) {
  Sketch::Node node{made.layer, static_cast<uint32_t>(sketch_->operands.size()), 0, 0, repeats_};
  sketch_->operands.insert(sketch_->operands.end(), inputs, inputs + count);
  for (int kind : made.weights) sketch_->operands.push_back(value(Origin::weight, kind));
  node.inputs = static_cast<uint32_t>(count + made.weights.size());
  node.output = value(Origin::node, made.output);
  sketch_->nodes.push_back(node);
  return node.output;
}

std::optional<GraphBuilder::Key> GraphBuilder::key_of(std::string_view op, const std::vector<int>& inputs) const {
  Key key;
  if (op.size() > 2 * sizeof(uint64_t) || inputs.size() > 3) return std::nullopt;
  std::memcpy(key.parts.data(), op.data(), op.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint64_t kind = inputs[i] < 0 ? 0 : static_cast<uint64_t>(kinds_[static_cast<size_t>(inputs[i])]) + 1;
    key.parts[2 + i / 2] |= kind << (32 * (i % 2));
  }
  key.parts[3] |= inputs.size() << 32;
  return key;
}

/// `step` stands where the name of an operator would, and is none.
std::optional<GraphBuilder::Key> GraphBuilder::key_of(char step, int x, std::initializer_list<int64_t> small) const {
  Key key;
  key.parts[0] = static_cast<uint64_t>(step);
  key.parts[1] = static_cast<uint64_t>(kinds_[static_cast<size_t>(x)]);
  size_t i = 0;
  for (int64_t number : small) {
    if (number < 0 || number >= 1 << 20 || i == 6) return std::nullopt;
    key.parts[2 + i / 3] |= static_cast<uint64_t>(number) << (21 * (i % 3));
    ++i;
  }
  return key;
}

int GraphBuilder::add(std::string_view op, const std::vector<int>& inputs, std::initializer_list<Attributes::Item> attributes) {
  const std::optional<Key> key = attributes.size() == 0 ? key_of(op, inputs) : std::nullopt;
  if (const BuiltLayers::Made* made = key ? layers_->find(*key) : nullptr) return take(*made, inputs.data(), inputs.size());
  description_.clear();
  describe(op);
  for (int i : inputs) describe(int64_t{i < 0 ? -1 : kinds_[static_cast<size_t>(i)]});
  for (const auto& [name, attribute] : attributes) describe(std::string_view(name)), describe_attribute(attribute);
  const BuiltLayers::Made* made = layers_->find(description_);
  if (!made) {
    const std::string description = description_;
    made = &layers_->remember(description, make(op, inputs, attributes));
  }
  if (key) layers_->remember(*key, *made);
  return take(*made, inputs.data(), inputs.size());
}

int GraphBuilder::conv(int x, const ConvSettings& s) {
  const auto key = key_of('c', x, {s.channels, s.kernel, s.stride, s.pad, s.group, int64_t{s.bias}});
  if (const BuiltLayers::Made* made = key ? layers_->find(*key) : nullptr) return take(*made, &x, 1);
  std::vector<int> inputs = {x, weight({s.channels, channels(x) / s.group, s.kernel, s.kernel})};
  if (s.bias) inputs.push_back(weight({s.channels}));
  const int y =
      add("Conv", inputs,
          {{"group", s.group}, {"pads", std::vector<int64_t>(4, s.pad)}, {"strides", std::vector<int64_t>(2, s.stride)}});
  return remember(key, inputs, y);
}

int GraphBuilder::transposed_conv(int x, int64_t out_channels, int64_t kernel, int64_t stride) {
  return add("ConvTranspose", {x, weight({channels(x), out_channels, kernel, kernel}), weight({out_channels})},
             {{"strides", std::vector<int64_t>(2, stride)}});
}

int GraphBuilder::batch_norm(int x) {
  const auto key = key_of('n', x, {});
  if (const BuiltLayers::Made* made = layers_->find(*key)) return take(*made, &x, 1);
  const int64_t c = channels(x);
  const std::vector<int> inputs = {x, weight({c}), weight({c}), weight({c}), weight({c})};
  return remember(key, inputs, add("BatchNormalization", inputs));
}

int GraphBuilder::max_pool(int x, int64_t kernel, int64_t stride, int64_t pad, bool ceil) {
  return add("MaxPool", {x},
             {{"kernel_shape", std::vector<int64_t>(2, kernel)},
              {"pads", std::vector<int64_t>(4, pad)},
              {"strides", std::vector<int64_t>(2, stride)},
              {"ceil_mode", int64_t{ceil}}});
}

int GraphBuilder::average_pool(int x, int64_t kernel, int64_t stride, int64_t pad) {
  const auto key = key_of('a', x, {kernel, stride, pad});
  if (const BuiltLayers::Made* made = key ? layers_->find(*key) : nullptr) return take(*made, &x, 1);
  return remember(key, {x},
                  add("AveragePool", {x},
                      {{"kernel_shape", std::vector<int64_t>(2, kernel)},
                       {"pads", std::vector<int64_t>(4, pad)},
                       {"strides", std::vector<int64_t>(2, stride)}}));
}

int GraphBuilder::linear(int x, int64_t outputs, bool bias) {
  std::vector<int> inputs = {x, weight({outputs, shape(x).back()})};
  if (bias) inputs.push_back(weight({outputs}));
  return add("Gemm", inputs, {{"transB", int64_t{1}}});
}

/// The step that gave y of x and weights of its own; the same step comes without building them next time.
int GraphBuilder::remember(const std::optional<Key>& key, const std::vector<int>& inputs, int y) {
  if (!key) return y;
  BuiltLayers::Made made{sketch_->nodes.back().layer, kinds_[static_cast<size_t>(y)], {}};
  for (size_t i = 1; i < inputs.size(); ++i) made.weights.push_back(kinds_[static_cast<size_t>(inputs[i])]);
  layers_->remember(*key, made);
  return y;
}

void GraphBuilder::require_same(int before, int after) const {
  if (kinds_[static_cast<size_t>(before)] != kinds_[static_cast<size_t>(after)])
    throw Error(ErrorKind::internal, fmt::format("network {}: a part that repeats changes the shape", name_));
}

Graph GraphBuilder::finish(const std::vector<int>& outputs) {
  sketch_->outputs = outputs;
  if (!sketching_) return named();
  return Graph{.name = std::move(name_), .batch = sketch_->batch};
}

/// The sketch as a Graph: nodes and values get their names.
Graph GraphBuilder::named() const {
  Graph graph{.name = name_, .inputs = sketch_->inputs, .outputs = sketch_->outputs, .batch = sketch_->batch};
  size_t inputs = 0, nodes = 0;
  for (size_t i = 0; i < origins_.size(); ++i) {
    if (origins_[i] == Origin::input) graph.values.push_back(fmt::format("input_{}", inputs++));
    else if (origins_[i] == Origin::weight) graph.values.push_back(fmt::format("weight_{}", i));
    else if (origins_[i] == Origin::constant) graph.values.push_back(fmt::format("constant_{}", i));
    else graph.values.push_back(fmt::format("{}_{}", sketch_->nodes[nodes].layer->op, nodes)), ++nodes;
  }
  graph.nodes.reserve(sketch_->nodes.size());
  for (const Sketch::Node& n : sketch_->nodes) {
    const auto* first = sketch_->operands.data() + n.first_operand;
    graph.nodes.push_back({.name = graph.values[static_cast<size_t>(n.output)],
                           .layer = *n.layer,
                           .inputs = {first, first + n.inputs},
                           .outputs = {n.output}});
  }
  return graph;
}

}  // namespace wattlayer
