#include "wattlayer/ops/backward.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

using Operand = GradientOperand;
using From = GradientOperand::From;

bool shapes_known(const Layer& layer) {
  const auto known = [](const Tensor& t) { return !t.present || t.known; };
  return std::all_of(layer.inputs.begin(), layer.inputs.end(), known) &&
         std::all_of(layer.outputs.begin(), layer.outputs.end(), known);
}

/// Gradients of unknown arithmetic: their layer reads gradients and inputs and writes what is wanted.
Backward bounded(const Layer& layer, const std::vector<bool>& wanted, const std::vector<bool>& given) {
  Backward out;
  Backward::Step step{.layer = {.op = layer.op + "Grad", .dtype = layer.dtype}};
  out.gradients.resize(layer.inputs.size());
  const auto take = [&step](const Tensor& tensor, From from, size_t i) {
    step.layer.inputs.push_back(tensor);
    step.inputs.push_back({from, static_cast<int>(i)});
  };
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i]) take(layer.output(i), From::output_gradient, i);
  for (size_t i = 0; i < layer.inputs.size(); ++i)
    if (layer.has_input(i)) take(layer.inputs[i], From::input, i);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    out.gradients[i] = {From::step, 0, static_cast<int>(step.layer.outputs.size())};
    Tensor gradient = layer.inputs[i];
    gradient.constant = false, gradient.value = nullptr;
    step.layer.outputs.push_back(std::move(gradient));
  }
  out.steps.push_back(std::move(step));
  return out;
}

}  // namespace

Backward backward(const Layer& layer, const std::vector<bool>& wanted, const std::vector<bool>& given) {
  const Operator* op = find_operator(layer.op);
  if (!op || !op->backward || !shapes_known(layer)) return bounded(layer, wanted, given);
  BackwardBuilder builder(layer, wanted, given);
  op->backward(builder);
  return builder.gave_up() ? bounded(layer, wanted, given) : builder.finish();
}

BackwardBuilder::BackwardBuilder(const Layer& layer, std::vector<bool> wanted, std::vector<bool> given)
    : layer_(layer), wanted_(std::move(wanted)), given_(std::move(given)) {
  out_.gradients.resize(layer.inputs.size());
  for (const Tensor& output : layer.outputs) {
    gradients_.push_back(output);
    gradients_.back().constant = false, gradients_.back().value = nullptr;
  }
}

Operand BackwardBuilder::input(size_t i) const {
  return layer_.has_input(i) ? Operand{From::input, static_cast<int>(i)} : Operand{};
}

Operand BackwardBuilder::output(size_t i) const {
  return layer_.output(i).present ? Operand{From::output, static_cast<int>(i)} : Operand{};
}

Operand BackwardBuilder::gradient(size_t i) {
  if (is_given(i)) return {From::output_gradient, static_cast<int>(i)};
  return add("ConstantOfShape", {integers(layer_.output(i).shape)});
}

const Tensor& BackwardBuilder::tensor(Operand operand) const {
  static const Tensor none = Tensor::absent();
  const auto i = static_cast<size_t>(operand.index);
  switch (operand.from) {
    case From::input:
      return layer_.inputs.at(i);
    case From::output:
      return layer_.outputs.at(i);
    case From::output_gradient:
      return gradients_.at(i);
    case From::constant:
      return out_.constants.at(i);
    case From::step:
      return out_.steps.at(i).layer.outputs.at(static_cast<size_t>(operand.result));
    case From::absent:
      break;
  }
  return none;
}

Operand BackwardBuilder::add(std::string_view op, const std::vector<Operand>& inputs, const std::vector<Item>& attributes) {
  return add(op, inputs, attributes, {true});
}

Operand BackwardBuilder::add(std::string_view op, const std::vector<Operand>& inputs, const std::vector<Item>& attributes,
                             const std::vector<bool>& outputs) {
  Backward::Step step{.layer = {.op = std::string(op)}, .inputs = inputs};
  for (Operand operand : inputs) step.layer.inputs.push_back(tensor(operand));
  for (const auto& [name, value] : attributes) step.layer.attributes.set(name, value);
  for (bool wanted : outputs) step.layer.outputs.push_back(wanted ? Tensor{} : Tensor::absent());
  infer(step.layer);
  step.layer.dtype = arithmetic(step.layer);
  strip_defaults(step.layer);
  out_.steps.push_back(std::move(step));
  const auto first = std::find(outputs.begin(), outputs.end(), true) - outputs.begin();
  return {From::step, static_cast<int>(out_.steps.size()) - 1, static_cast<int>(first)};
}

Operand BackwardBuilder::constant(Tensor tensor) {
  tensor.constant = true;
  out_.constants.push_back(std::move(tensor));
  return {From::constant, static_cast<int>(out_.constants.size()) - 1};
}

Operand BackwardBuilder::integers(std::vector<int64_t> values) {
  Tensor tensor = Tensor::of({static_cast<int64_t>(values.size())}, DataType::i64);
  tensor.value = std::make_shared<const Value>(Value::of(std::move(values)));
  return constant(std::move(tensor));
}

Operand BackwardBuilder::scalar(double value) {
  Tensor tensor = Tensor::of({}, arithmetic(layer_));
  tensor.value = std::make_shared<const Value>(Value::of(std::vector<double>{value}));
  return constant(std::move(tensor));
}

Operand BackwardBuilder::reshape(Operand x, const Shape& shape) {
  if (this->shape(x) == shape) return x;
  return add("Reshape", {x, integers(shape)}, {{"allowzero", int64_t{1}}});
}

Operand BackwardBuilder::swapped(Operand x) {
  std::vector<int64_t> perm(shape(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  if (perm.size() < 2) return x;
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return add("Transpose", {x}, {{"perm", perm}});
}

Operand BackwardBuilder::reduced(Operand x, const Shape& to) {
  const Shape from = shape(x);
  if (from == to) return x;
  std::vector<int64_t> axes;
  const size_t more = from.size() - std::min(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i)
    if (i < more || (to[i - more] == 1 && from[i] != 1)) axes.push_back(static_cast<int64_t>(i));
  if (!axes.empty()) x = add("ReduceSum", {x, integers(axes)}, {{"keepdims", int64_t{0}}});
  return reshape(x, to);
}

void BackwardBuilder::give(size_t input, Operand gradient) {
  out_.gradients[input] = reduced(gradient, layer_.inputs[input].shape);
}

}  // namespace wattlayer
