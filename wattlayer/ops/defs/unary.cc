#include <cmath>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Functions of one element, with their derivative-free arithmetic: no parameters, no broadcasting.
namespace wattlayer {
namespace {

Cost one_flop_an_element(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = c.output_elements;
  return c;
}

Cost one_special_an_element(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.special = c.output_elements;
  return c;
}

void test_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 1)) rules::set_output(layer, 0, layer.input(0).shape, DataType::boolean);
}

template <double (*function)(double)>
void fold_real(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || !x->is_real) return;
  Value out = *x;
  for (double& v : out.reals) v = function(v);
  fold::set(layer, 0, std::move(out));
}

/// Neg, Abs and Sign also take integers.
template <double (*function)(double), bool (*whole)(int64_t&)>
void fold_signed(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x) return;
  if (x->is_real) return fold_real<function>(layer);
  Value out = *x;
  for (int64_t& v : out.integers)
    if (!whole(v)) return;
  fold::set(layer, 0, std::move(out));
}

double negative(double x) { return -x; }
bool negative_whole(int64_t& x) { return !__builtin_sub_overflow(int64_t{0}, x, &x); }
double absolute(double x) { return std::fabs(x); }
bool absolute_whole(int64_t& x) { return x >= 0 || negative_whole(x); }
double sign(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }
bool sign_whole(int64_t& x) { return x = (x > 0) - (x < 0), true; }
double reciprocal(double x) { return 1 / x; }
/// Halves round to even, the default mode of the floating-point unit.
double round_even(double x) { return std::nearbyint(x); }

void fold_is_nan(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || !x->is_real) return;
  std::vector<int64_t> out;
  for (double v : x->reals) out.push_back(std::isnan(v));
  fold::set(layer, 0, Value::of(std::move(out)));
}

void fold_is_inf(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || !x->is_real) return;
  const bool positive = layer.attributes.integer("detect_positive", 1) != 0,
             negative = layer.attributes.integer("detect_negative", 1) != 0;
  std::vector<int64_t> out;
  for (double v : x->reals) out.push_back(std::isinf(v) && (v > 0 ? positive : negative));
  fold::set(layer, 0, Value::of(std::move(out)));
}

/// Steps have no gradient; rules know some of the others.
auto backward_of(std::string_view name) -> void (*)(BackwardBuilder&) {
  for (std::string_view step : {"Sign", "Floor", "Ceil", "Round"})
    if (name == step) return backward_rules::none;
  return backward_rules::unary;
}

Operator unary(std::string_view name, std::string_view summary, Cost (*cost)(const Layer&), void (*fold)(Layer&),
               std::string_view aten, std::string_view example) {
  return {.name = name,
          .family = Family::elementwise,
          .summary = summary,
          .shapes = rules::same_as_input,
          .cost = cost,
          .fold = fold,
          .can_run_in_place = true,
          .run = {aten, {{.parameter = "self"}}},
          .examples = {example},
          .backward = backward_of(name)};
}

}  // namespace

const std::vector<Operator>& unary_operators() {
  constexpr auto flop = one_flop_an_element;
  constexpr auto special = one_special_an_element;
  static const std::vector<Operator> operators = {
      unary("Neg", "-x; one FLOP an element", flop, fold_signed<negative, negative_whole>, "aten::neg", "Neg 1x128x64"),
      unary("Abs", "|x|; one FLOP an element", flop, fold_signed<absolute, absolute_whole>, "aten::abs", "Abs 1x128x64"),
      unary("Sign", "-1, 0 or 1; one FLOP an element", flop, fold_signed<sign, sign_whole>, "aten::sign", "Sign 1x128x64"),
      unary("Floor", "largest whole number up to x; one FLOP an element", flop, fold_real<std::floor>, "aten::floor",
            "Floor 1x128"),
      unary("Ceil", "smallest whole number from x on; one FLOP an element", flop, fold_real<std::ceil>, "aten::ceil",
            "Ceil 1x128"),
      unary("Round", "nearest whole number, halves to even; one FLOP an element", flop, fold_real<round_even>, "aten::round",
            "Round 1x128"),
      unary("Sqrt", "square root; one special function an element", special, fold_real<std::sqrt>, "aten::sqrt", "Sqrt 1x128x1"),
      unary("Reciprocal", "1 / x; one division an element", special, fold_real<reciprocal>, "aten::reciprocal",
            "Reciprocal 1x128x1"),
      unary("Exp", "e to the x; one special function an element", special, fold_real<std::exp>, "aten::exp", "Exp 1x1000"),
      unary("Log", "natural logarithm; one special function an element", special, fold_real<std::log>, "aten::log", "Log 1x1000"),
      unary("Erf", "error function; one special function an element", special, fold_real<std::erf>, "aten::erf",
            "Erf 1x128x3072"),
      unary("Sin", "sine; one special function an element", special, fold_real<std::sin>, "aten::sin", "Sin 1x128x64"),
      unary("Cos", "cosine; one special function an element", special, fold_real<std::cos>, "aten::cos", "Cos 1x128x64"),
      unary("Tan", "tangent; one special function an element", special, fold_real<std::tan>, "aten::tan", "Tan 1x128x64"),
      unary("Asin", "arcus sine; one special function an element", special, fold_real<std::asin>, "aten::asin", "Asin 1x128"),
      unary("Acos", "arcus cosine; one special function an element", special, fold_real<std::acos>, "aten::acos", "Acos 1x128"),
      unary("Atan", "arcus tangent; one special function an element", special, fold_real<std::atan>, "aten::atan", "Atan 1x128"),
      unary("Sinh", "hyperbolic sine; one special function an element", special, fold_real<std::sinh>, "aten::sinh",
            "Sinh 1x128"),
      unary("Cosh", "hyperbolic cosine; one special function an element", special, fold_real<std::cosh>, "aten::cosh",
            "Cosh 1x128"),
      unary("Asinh", "area hyperbolic sine; one special function an element", special, fold_real<std::asinh>, "aten::asinh",
            "Asinh 1x128"),
      unary("Acosh", "area hyperbolic cosine; one special function an element", special, fold_real<std::acosh>, "aten::acosh",
            "Acosh 1x128"),
      unary("Atanh", "area hyperbolic tangent; one special function an element", special, fold_real<std::atanh>, "aten::atanh",
            "Atanh 1x128"),
      {
          .name = "IsNaN",
          .family = Family::elementwise,
          .summary = "whether an element is not a number; one FLOP an element",
          .shapes = test_shapes,
          .cost = one_flop_an_element,
          .fold = fold_is_nan,
          .run = {"aten::isnan", {{.parameter = "self"}}},
          .examples = {"IsNaN 1x128"},
      },
      {
          .name = "IsInf",
          .family = Family::elementwise,
          .summary = "whether an element is infinite; one FLOP an element",
          .shapes = test_shapes,
          .cost = one_flop_an_element,
          .fold = fold_is_inf,
          .attributes = {{"detect_negative", "1"}, {"detect_positive", "1"}},
          .run = {"aten::isinf", {{.parameter = "self"}}},
          .examples = {"IsInf 1x128"},
      },
  };
  return operators;
}

}  // namespace wattlayer
