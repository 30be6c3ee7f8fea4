#include "wattlayer/ops/gradient_activations.h"

#include <deque>
#include <string>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Gradients of activations: one kernel each, which reads the gradient and the activation's input or output.
namespace wattlayer {

const std::vector<Operator>& activation_operators();

namespace {

void pair_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::require(layer.input(0).shape == layer.input(1).shape, layer,
                 "gradient " + rules::text(layer.input(0).shape) + " and tensor " + rules::text(layer.input(1).shape) +
                     " must have equal shapes");
  rules::same_as_input(layer);
}

Cost activation_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  for (const GradientActivation& a : gradient_activations())
    if (a.op == layer.op) c.flops = a.flops * c.output_elements, c.special = a.special * c.output_elements;
  return c;
}

/// `dy y (1 - y); 3 FLOPs and 2 special functions an element`
std::string summary_of(const GradientActivation& a) {
  std::string text = std::string(a.formula) + "; " + std::to_string(static_cast<int>(a.flops)) + " FLOPs";
  if (a.special > 0) text += " and " + std::to_string(static_cast<int>(a.special)) + " special functions";
  return text + " an element";
}

/// As the forward operator has them.
std::vector<AttributeInfo> find_attributes(std::string_view forward) {
  for (const Operator& op : activation_operators())
    if (op.name == forward) return op.attributes;
  return {};
}

std::vector<Operator> all() {
  static std::deque<std::string> texts;  // what the blocks refer to
  const auto keep = [](std::string text) -> std::string_view { return texts.emplace_back(std::move(text)); };
  std::vector<Operator> operators;
  for (const GradientActivation& a : gradient_activations()) {
    operators.push_back({.name = a.op,
                         .family = Family::activation,
                         .summary = keep(summary_of(a)),
                         .shapes = pair_shapes,
                         .cost = activation_grad_cost,
                         .can_run_in_place = true,
                         .examples = {keep(std::string(a.op) + " 8x64x28x28 8x64x28x28")},
                         .gradient_of = a.of});
    Operator& op = operators.back();
    op.attributes = find_attributes(a.of);
    if (!a.aten.empty()) op.run = {a.aten}, op.calls = aten::activation_grad;
  }
  return operators;
}

}  // namespace

const std::vector<Operator>& gradient_activations_operators() {
  static const std::vector<Operator> operators = all();
  return operators;
}

}  // namespace wattlayer
