#include "wattlayer/networks/builder.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {

GraphBuilder::GraphBuilder(std::string name, int64_t batch) {
  graph_.name = std::move(name);
  graph_.batch = batch;
}

int GraphBuilder::value(std::string name, Tensor tensor) {
  graph_.values.push_back(std::move(name));
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(graph_.values.size()) - 1;
}

int GraphBuilder::input(Shape shape, DataType dtype) {
  const int number = value(fmt::format("input_{}", graph_.inputs.size()), Tensor::of(std::move(shape), dtype));
  graph_.inputs.push_back(number);
  return number;
}

int GraphBuilder::weight(Shape shape, DataType dtype) {
  Tensor tensor = Tensor::of(std::move(shape), dtype);
  tensor.constant = true;
  return value(fmt::format("weight_{}", graph_.values.size()), std::move(tensor));
}

int GraphBuilder::constant(std::vector<int64_t> values) {
  Tensor tensor = Tensor::of({static_cast<int64_t>(values.size())}, DataType::i64);
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(Value::of(std::move(values)));
  return value(fmt::format("constant_{}", graph_.values.size()), std::move(tensor));
}

int GraphBuilder::scalar(double number) {
  Tensor tensor = Tensor::of({});
  tensor.constant = true;
  tensor.value = std::make_shared<const Value>(Value::of(std::vector<double>{number}));
  return value(fmt::format("constant_{}", graph_.values.size()), std::move(tensor));
}

int GraphBuilder::add(std::string_view op, const std::vector<int>& inputs, std::initializer_list<Attributes::Item> attributes) {
  Node node{.name = fmt::format("{}_{}", op, graph_.nodes.size()), .inputs = inputs};
  node.layer.op = op;
  for (int i : inputs) node.layer.inputs.push_back(i < 0 ? Tensor::absent() : tensors_[static_cast<size_t>(i)]);
  for (const auto& [name, attribute] : attributes) node.layer.attributes.set(name, attribute);
  node.layer.outputs.resize(1);
  try {
    infer(node.layer);
  } catch (const Error& e) {
    throw e.within(fmt::format("network {}: node {}", graph_.name, node.name));
  }
  if (!find_operator(op) || !node.layer.outputs[0].known)
    throw Error(ErrorKind::internal, fmt::format("network {}: the shape of node {} is unknown", graph_.name, node.name));
  strip_defaults(node.layer);
  const int out = value(node.name, node.layer.outputs[0]);
  node.outputs = {out};
  graph_.nodes.push_back(std::move(node));
  return out;
}

int GraphBuilder::conv(int x, const ConvSettings& s) {
  std::vector<int> inputs = {x, weight({s.channels, channels(x) / s.group, s.kernel, s.kernel})};
  if (s.bias) inputs.push_back(weight({s.channels}));
  return add("Conv", inputs,
             {{"group", s.group}, {"pads", std::vector<int64_t>(4, s.pad)}, {"strides", std::vector<int64_t>(2, s.stride)}});
}

int GraphBuilder::transposed_conv(int x, int64_t out_channels, int64_t kernel, int64_t stride) {
  return add("ConvTranspose", {x, weight({channels(x), out_channels, kernel, kernel}), weight({out_channels})},
             {{"strides", std::vector<int64_t>(2, stride)}});
}

int GraphBuilder::batch_norm(int x) {
  const int64_t c = channels(x);
  return add("BatchNormalization", {x, weight({c}), weight({c}), weight({c}), weight({c})});
}

int GraphBuilder::max_pool(int x, int64_t kernel, int64_t stride, int64_t pad, bool ceil) {
  return add("MaxPool", {x},
             {{"kernel_shape", std::vector<int64_t>(2, kernel)},
              {"pads", std::vector<int64_t>(4, pad)},
              {"strides", std::vector<int64_t>(2, stride)},
              {"ceil_mode", int64_t{ceil}}});
}

int GraphBuilder::linear(int x, int64_t outputs, bool bias) {
  std::vector<int> inputs = {x, weight({outputs, shape(x).back()})};
  if (bias) inputs.push_back(weight({outputs}));
  return add("Gemm", inputs, {{"transB", int64_t{1}}});
}

Graph GraphBuilder::finish(const std::vector<int>& outputs) {
  graph_.outputs = outputs;
  return std::move(graph_);
}

}  // namespace wattlayer
