#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/gradient_activations.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::per_element;

void unary_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::same_as_input(layer);
}

/// Before opset 11 the bounds were attributes.
void normalize_clip(Layer& layer, int) {
  for (size_t i : {size_t{1}, size_t{2}}) {
    const char* bound = i == 1 ? "min" : "max";
    if (!layer.attributes.has(bound)) continue;
    while (layer.inputs.size() <= i) layer.inputs.push_back(Tensor::absent());
    Tensor limit = Tensor::of({}, layer.input(0).dtype);
    limit.constant = true;
    limit.value = std::make_shared<const Value>(Value::of(std::vector<double>{layer.attributes.real(bound, 0)}));
    layer.inputs[i] = std::move(limit);
    layer.attributes.erase(bound);
  }
}

void fold_clip(Layer& layer) {
  if (!fold::ready(layer, 1)) return;
  Value value = *fold::input(layer, 0);
  for (size_t i : {size_t{1}, size_t{2}}) {
    if (!layer.has_input(i)) continue;
    const Value& bound = *fold::input(layer, i);
    if (bound.size() != 1 || bound.is_real != value.is_real) return;
    for (double& x : value.reals) x = i == 1 ? std::max(x, bound.reals[0]) : std::min(x, bound.reals[0]);
    for (int64_t& x : value.integers) x = i == 1 ? std::max(x, bound.integers[0]) : std::min(x, bound.integers[0]);
  }
  fold::set(layer, 0, std::move(value));
}

/// erf form: x / sqrt 2, erf, + 1, x x, / 2. tanh form: the cubic polynomial instead of the division.
Cost gelu_cost(const Layer& layer) {
  return layer.attributes.text("approximate", "none") == "tanh" ? per_element<8, 1>(layer) : per_element<4, 1>(layer);
}

void prelu_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::require_rank(layer, 1, 0);
  const Shape& x = layer.input(0).shape;
  rules::require(rules::broadcast(x, layer.input(1).shape) == x, layer,
                 "slope " + rules::text(layer.input(1).shape) + " must broadcast to the input " + rules::text(x));
  rules::same_as_input(layer);
}

void pair_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::require(
      layer.input(0).shape == layer.input(1).shape, layer,
      "inputs " + rules::text(layer.input(0).shape) + " and " + rules::text(layer.input(1).shape) + " must have equal shapes");
  rules::same_as_input(layer);
}

void bias_split_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  Shape out = layer.input(0).shape;
  rules::require(out.back() % 2 == 0, layer, "last dimension of " + rules::text(out) + " must be even");
  out.back() /= 2;
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// Functions of one element: these differ by data only.
Operator elementwise(std::string_view name, std::string_view summary, Cost (*cost)(const Layer&),
                     std::vector<AttributeInfo> attributes, Run run, std::vector<std::string_view> examples) {
  return {.name = name,
          .family = Family::activation,
          .summary = summary,
          .shapes = unary_shapes,
          .cost = cost,
          .attributes = std::move(attributes),
          .can_run_in_place = true,
          .run = std::move(run),
          .examples = std::move(examples),
          .backward = gradient_activation(name) ? backward_rules::activation : nullptr};
}

Operator called_by(AtenCalls (*calls)(const Layer&), Operator op) {
  op.calls = calls;
  return op;
}

}  // namespace

const std::vector<Operator>& activation_operators() {
  static const std::vector<Operator> operators = {
      elementwise("Celu", "max(0, x) + min(0, alpha (exp(x / alpha) - 1)); 5 FLOPs and one exp an element", per_element<5, 1>,
                  {{"alpha", "1.0"}}, {"aten::celu", {run::input("self"), run::attribute("alpha", "alpha", "1.0")}},
                  {"Celu 1x64x28x28"}),
      {
          .name = "Clip",
          .family = Family::activation,
          .summary = "min(max(x, low), high); one FLOP an element and bound",
          .shapes = unary_shapes,
          .cost =
              [](const Layer& layer) {
                Cost c = rules::moved(layer);
                c.flops = c.output_elements * (layer.has_input(1) + layer.has_input(2));
                return c;
              },
          .fold = fold_clip,
          .normalize = normalize_clip,
          .weight_inputs = 0b110,
          .can_run_in_place = true,
          .run = {"aten::clamp", {run::input("self"), run::value("min", 1), run::value("max", 2)}},
          .examples = {"Clip 1x32x112x112 [0.0]@scalar [6.0]@scalar", "Clip 1x100 - [1.0]@scalar"},
          .backward = backward_rules::activation,
      },
      elementwise("Elu", "x where positive, else alpha (exp(x) - 1); 3 FLOPs and one exp an element", per_element<3, 1>,
                  {{"alpha", "1.0"}}, {"aten::elu", {run::input("self"), run::attribute("alpha", "alpha", "1.0")}},
                  {"Elu 1x64x28x28"}),
      elementwise("Gelu", "x Phi(x); 4 FLOPs and one erf an element, or 8 FLOPs and one tanh", gelu_cost,
                  {{"approximate", "none"}},
                  {"aten::gelu", {run::input("self"), run::attribute("approximate", "approximate", "none")}},
                  {"Gelu 1x128x3072", "Gelu 1x128x3072 approximate=tanh"}),
      called_by(aten::hard_sigmoid, elementwise("HardSigmoid", "max(0, min(1, alpha x + beta)); 4 FLOPs an element",
                                                per_element<4>, {{"alpha", "0.2"}, {"beta", "0.5"}}, {"aten::hardsigmoid", {}},
                                                {"HardSigmoid 1x64x1x1 alpha=0.1666667"})),
      elementwise("HardSwish", "x max(0, min(1, x / 6 + 1/2)); 5 FLOPs an element", per_element<5>, {},
                  run::unary("aten::hardswish"), {"HardSwish 1x16x112x112"}),
      elementwise("LeakyRelu", "x where positive, else alpha x; 2 FLOPs an element", per_element<2>, {{"alpha", "0.01"}},
                  {"aten::leaky_relu", {run::input("self"), run::attribute("negative_slope", "alpha", "0.01")}},
                  {"LeakyRelu 1x64x28x28 alpha=0.1"}),
      elementwise("Mish", "x tanh(log(1 + exp(x))); 2 FLOPs, exp, log and tanh an element", per_element<2, 3>, {},
                  run::unary("aten::mish"), {"Mish 1x64x28x28"}),
      {
          .name = "PRelu",
          .family = Family::activation,
          .summary = "x where positive, else slope x; 2 FLOPs an element",
          .shapes = prelu_shapes,
          .cost = per_element<2>,
          .weight_inputs = 0b10,
          .can_run_in_place = true,
          .run = {"aten::prelu", {run::input("self"), run::flat_input("weight", 1)}},
          .examples = {"PRelu 1x64x28x28 64x1x1"},
          .backward = backward_rules::prelu,
      },
      elementwise("Relu", "max(x, 0); one FLOP an element", per_element<1>, {}, run::unary("aten::relu"), {"Relu 1x64x56x56"}),
      elementwise("Selu", "gamma x where positive, else gamma alpha (exp(x) - 1); 4 FLOPs and one exp an element",
                  per_element<4, 1>, {{"alpha", "1.6732632"}, {"gamma", "1.0507009"}}, run::unary("aten::selu"),
                  {"Selu 1x64x28x28"}),
      elementwise("Shrink", "soft or hard threshold around 0; 2 FLOPs an element", per_element<2>,
                  {{"bias", "0.0"}, {"lambd", "0.5"}},
                  {"aten::hardshrink", {run::input("self"), run::attribute("lambd", "lambd", "0.5")}}, {"Shrink 1x100"}),
      elementwise("Sigmoid", "1 / (1 + exp(-x)); 2 FLOPs, one exp and one reciprocal an element", per_element<2, 2>, {},
                  run::unary("aten::sigmoid"), {"Sigmoid 1x64x1x1"}),
      elementwise("Softplus", "log(1 + exp(x)); one FLOP, exp and log an element", per_element<1, 2>, {},
                  run::unary("aten::softplus"), {"Softplus 1x100"}),
      elementwise("Softsign", "x / (1 + |x|); 2 FLOPs and one division an element", per_element<2, 1>, {}, {},
                  {"Softsign 1x100"}),
      elementwise("Swish", "x sigmoid(alpha x); 4 FLOPs, one exp and one reciprocal an element", per_element<4, 2>,
                  {{"alpha", "1.0"}}, run::unary("aten::silu"), {"Swish 1x64x28x28"}),
      elementwise("Tanh", "one tanh an element", per_element<0, 1>, {}, run::unary("aten::tanh"), {"Tanh 1x128"}),
      elementwise(
          "ThresholdedRelu", "x where above alpha, else 0; one FLOP an element", per_element<1>, {{"alpha", "1.0"}},
          {"aten::threshold", {run::input("self"), run::attribute("threshold", "alpha", "1.0"), run::constant("value", "0.0")}},
          {"ThresholdedRelu 1x100"}),
      {
          .name = "SwiGLU",
          .family = Family::activation,
          .summary = "a sigmoid(alpha a) b; 5 FLOPs, one exp and one reciprocal an element",
          .shapes = pair_shapes,
          .cost = per_element<5, 2>,
          .attributes = {{"alpha", "1.0"}},
          .can_run_in_place = true,
          .examples = {"SwiGLU 1x128x3072 1x128x3072"},
      },
      {
          .name = "com.microsoft.BiasGelu",
          .family = Family::activation,
          .summary = "Gelu of a sum; 5 FLOPs and one erf an element",
          .shapes = unary_shapes,
          .cost = per_element<5, 1>,
          .weight_inputs = 0b10,
          .can_run_in_place = true,
          .examples = {"com.microsoft.BiasGelu 1x128x3072 3072"},
      },
      {
          .name = "com.microsoft.BiasSplitGelu",
          .family = Family::activation,
          .summary = "one half of a sum times the Gelu of the other; 7 FLOPs and one erf an output",
          .shapes = bias_split_shapes,
          .cost = per_element<7, 1>,
          .weight_inputs = 0b10,
          .examples = {"com.microsoft.BiasSplitGelu 2x64x2560 2560"},
      },
      {
          .name = "com.microsoft.FastGelu",
          .family = Family::activation,
          .summary = "tanh form of Gelu; 8 FLOPs and one tanh an element, one FLOP more for a bias",
          .shapes = unary_shapes,
          .cost = [](const Layer& layer) { return layer.has_input(1) ? per_element<9, 1>(layer) : per_element<8, 1>(layer); },
          .weight_inputs = 0b10,
          .can_run_in_place = true,
          .examples = {"com.microsoft.FastGelu 1x128x3072 3072", "com.microsoft.FastGelu 1x128x3072"},
          .backward = backward_rules::activation,
      },
      elementwise("com.microsoft.Gelu", "Gelu of ONNX Runtime; 4 FLOPs and one erf an element", per_element<4, 1>, {},
                  run::unary("aten::gelu"), {"com.microsoft.Gelu 1x128x3072"}),
      elementwise("com.microsoft.ScaledSiLU", "scale x sigmoid(x); 4 FLOPs, one exp and one reciprocal an element",
                  per_element<4, 2>, {{"alpha", "1.0"}}, {}, {"com.microsoft.ScaledSiLU 1x128x3072"}),
      elementwise("com.microsoft.QuickGelu", "x sigmoid(alpha x); 4 FLOPs, one exp and one reciprocal an element",
                  per_element<4, 2>, {{"alpha", "1.702"}}, run::unary("aten::silu"), {"com.microsoft.QuickGelu 1x128x3072"}),
  };
  return operators;
}

}  // namespace wattlayer
