#include <algorithm>
#include <cmath>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Arithmetic of two or more tensors with broadcasting. The operators differ by the rule that combines two elements.
namespace wattlayer {
namespace {

void broadcast_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, std::max<size_t>(layer.inputs.size(), 1))) return;
  rules::set_output(layer, 0, rules::broadcast_inputs(layer), layer.input(0).dtype);
}

/// n inputs take n - 1 operations an output element.
Cost combine_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = c.output_elements * std::max<double>(1, static_cast<double>(layer.inputs.size()) - 1);
  return c;
}

Cost divide_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.special = c.output_elements;
  return c;
}

Cost mean_cost(const Layer& layer) {
  Cost c = combine_cost(layer);
  c.flops = c.output_elements * static_cast<double>(layer.inputs.size());
  return c;
}

// How two elements combine. `integers` returns false where the result is undefined or does not fit.
struct Add {
  static bool integers(int64_t a, int64_t b, int64_t& out) { return !__builtin_add_overflow(a, b, &out); }
  static double reals(double a, double b) { return a + b; }
};
struct Sub {
  static bool integers(int64_t a, int64_t b, int64_t& out) { return !__builtin_sub_overflow(a, b, &out); }
  static double reals(double a, double b) { return a - b; }
};
struct Mul {
  static bool integers(int64_t a, int64_t b, int64_t& out) { return !__builtin_mul_overflow(a, b, &out); }
  static double reals(double a, double b) { return a * b; }
};
struct Div {
  static bool integers(int64_t a, int64_t b, int64_t& out) {
    if (b == 0 || (b == -1 && a == INT64_MIN)) return false;
    out = a / b;
    return true;
  }
  static double reals(double a, double b) { return a / b; }
};
struct Minimum {
  static bool integers(int64_t a, int64_t b, int64_t& out) { return out = std::min(a, b), true; }
  static double reals(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }
};
struct Maximum {
  static bool integers(int64_t a, int64_t b, int64_t& out) { return out = std::max(a, b), true; }
  static double reals(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }
};
/// The sign follows the divisor, as in Python.
struct Modulo {
  static bool integers(int64_t a, int64_t b, int64_t& out) {
    if (b == 0) return false;
    out = b == -1 ? 0 : a % b;
    if (out != 0 && (out < 0) != (b < 0)) out += b;
    return true;
  }
  static double reals(double a, double b) {
    const double rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};
/// The sign follows the dividend, as in C.
struct Fmod {
  static bool integers(int64_t a, int64_t b, int64_t& out) {
    if (b == 0) return false;
    out = b == -1 ? 0 : a % b;
    return true;
  }
  static double reals(double a, double b) { return std::fmod(a, b); }
};

/// Accumulates the inputs from left to right; all are integers or all are reals.
template <class Rule>
bool combine(const Layer& layer, Value& sum) {
  const Shape& shape = layer.output(0).shape;
  sum = fold::pick(*fold::input(layer, 0), fold::broadcast_index(layer.input(0).shape, shape));
  for (size_t i = 1; i < layer.inputs.size(); ++i) {
    const Value& next = *fold::input(layer, i);
    if (next.is_real != sum.is_real) return false;
    const std::vector<int64_t> index = fold::broadcast_index(layer.input(i).shape, shape);
    for (size_t j = 0; j < index.size(); ++j) {
      const auto k = static_cast<size_t>(index[j]);
      if (sum.is_real) sum.reals[j] = Rule::reals(sum.reals[j], next.reals[k]);
      else if (!Rule::integers(sum.integers[j], next.integers[k], sum.integers[j])) return false;
    }
  }
  return true;
}

template <class Rule>
void fold_combine(Layer& layer) {
  if (!fold::ready(layer, std::max<size_t>(layer.inputs.size(), 1))) return;
  Value sum;
  if (combine<Rule>(layer, sum)) fold::set(layer, 0, std::move(sum));
}

void fold_mod(Layer& layer) {
  if (layer.attributes.integer("fmod", 0) != 0) fold_combine<Fmod>(layer);
  else fold_combine<Modulo>(layer);
}

void fold_mean(Layer& layer) {
  Value sum;
  if (!fold::ready(layer, std::max<size_t>(layer.inputs.size(), 1)) || !combine<Add>(layer, sum) || !sum.is_real) return;
  for (double& x : sum.reals) x /= static_cast<double>(layer.inputs.size());
  fold::set(layer, 0, std::move(sum));
}

/// An integer power; nothing when it overflows or the exponent is negative.
bool power(int64_t x, int64_t exponent, int64_t& out) {
  if (exponent < 0) return false;
  out = 1;
  if (x == 0 || x == 1) return out = exponent == 0 ? 1 : x, true;
  if (x == -1) return out = exponent % 2 == 0 ? 1 : -1, true;
  for (int64_t i = 0; i < exponent; ++i)
    if (__builtin_mul_overflow(out, x, &out)) return false;
  return true;
}

/// Base and exponent may have different types; the result has that of the base.
void fold_pow(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const Value& base = *fold::input(layer, 0);
  const Value& exponent = *fold::input(layer, 1);
  const auto i = fold::broadcast_index(layer.input(0).shape, layer.output(0).shape);
  const auto j = fold::broadcast_index(layer.input(1).shape, layer.output(0).shape);
  Value out;
  out.is_real = base.is_real;
  for (size_t n = 0; n < i.size(); ++n) {
    const auto x = static_cast<size_t>(i[n]), y = static_cast<size_t>(j[n]);
    if (base.is_real) {
      out.reals.push_back(std::pow(base.reals[x], exponent.real(y)));
      continue;
    }
    int64_t result = 0;
    if (exponent.is_real) {
      const auto whole = fold::truncate(std::pow(base.real(x), exponent.reals[y]));
      if (!whole) return;
      result = *whole;
    } else if (!power(base.integers[x], exponent.integers[y], result)) {
      return;
    }
    out.integers.push_back(result);
  }
  fold::set(layer, 0, std::move(out));
}

Run binary(std::string_view aten) { return {aten, {{.parameter = "self"}, {.parameter = "other", .index = 1}}}; }

}  // namespace

const std::vector<Operator>& elementwise_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Add",
          .family = Family::elementwise,
          .summary = "a + b with broadcasting; one FLOP an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Add>,
          .can_run_in_place = true,
          .run = binary("aten::add.Tensor"),
          .examples = {"Add 1x64x56x56 1x64x56x56", "Add 1x128x768 768 const=1"},
          .backward = backward_rules::add,
      },
      {
          .name = "Sub",
          .family = Family::elementwise,
          .summary = "a - b with broadcasting; one FLOP an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Sub>,
          .can_run_in_place = true,
          .run = binary("aten::sub.Tensor"),
          .examples = {"Sub 1x128x768 1x128x1"},
          .backward = backward_rules::sub,
      },
      {
          .name = "Mul",
          .family = Family::elementwise,
          .summary = "a * b with broadcasting; one FLOP an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Mul>,
          .can_run_in_place = true,
          .run = binary("aten::mul.Tensor"),
          .examples = {"Mul 1x64x56x56 1x64x1x1"},
          .backward = backward_rules::mul,
      },
      {
          .name = "Div",
          .family = Family::elementwise,
          .summary = "a / b with broadcasting; one division an output element",
          .shapes = broadcast_shapes,
          .cost = divide_cost,
          .fold = fold_combine<Div>,
          .can_run_in_place = true,
          .run = {"aten::div.Tensor"},
          .calls = aten::divide,
          .examples = {"Div 1x12x128x128 [8.0]@scalar"},
          .backward = backward_rules::div,
      },
      {
          .name = "Mod",
          .family = Family::elementwise,
          .summary = "remainder of a / b, sign of b (of a with fmod=1); one division an output element",
          .shapes = broadcast_shapes,
          .cost = divide_cost,
          .fold = fold_mod,
          .attributes = {{"fmod", "0"}},
          .can_run_in_place = true,
          .run = {"aten::remainder.Tensor"},
          .calls = aten::remainder,
          .examples = {"Mod i64:128 i64:scalar"},
          .backward = backward_rules::none,
      },
      {
          .name = "Pow",
          .family = Family::elementwise,
          .summary = "a to the power of b with broadcasting; one special function an output element",
          .shapes = broadcast_shapes,
          .cost = divide_cost,
          .fold = fold_pow,
          .can_run_in_place = true,
          .run = {"aten::pow.Tensor_Tensor", {{.parameter = "self"}, {.parameter = "exponent", .index = 1}}},
          .examples = {"Pow 1x128x768 [2.0]@scalar"},
          .backward = backward_rules::pow,
      },
      {
          .name = "Min",
          .family = Family::elementwise,
          .summary = "smallest of the inputs with broadcasting; n - 1 FLOPs an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Minimum>,
          .can_run_in_place = true,
          .run = {"aten::minimum"},
          .calls = aten::combine,
          .examples = {"Min 1x1000 1x1000"},
          .backward = backward_rules::extreme,
      },
      {
          .name = "Max",
          .family = Family::elementwise,
          .summary = "largest of the inputs with broadcasting; n - 1 FLOPs an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Maximum>,
          .can_run_in_place = true,
          .run = {"aten::maximum"},
          .calls = aten::combine,
          .examples = {"Max 1x1000 1x1000"},
          .backward = backward_rules::extreme,
      },
      {
          .name = "Sum",
          .family = Family::elementwise,
          .summary = "sum of the inputs with broadcasting; n - 1 FLOPs an output element",
          .shapes = broadcast_shapes,
          .cost = combine_cost,
          .fold = fold_combine<Add>,
          .can_run_in_place = true,
          .run = {"aten::add.Tensor"},
          .calls = aten::combine,
          .examples = {"Sum 1x64x28x28 1x64x28x28 1x64x28x28"},
          .backward = backward_rules::add,
      },
      {
          .name = "Mean",
          .family = Family::elementwise,
          .summary = "mean of the inputs with broadcasting; n FLOPs an output element",
          .shapes = broadcast_shapes,
          .cost = mean_cost,
          .fold = fold_mean,
          .can_run_in_place = true,
          .run = {"aten::add.Tensor"},
          .calls = aten::combine,
          .examples = {"Mean 1x64x28x28 1x64x28x28"},
          .backward = backward_rules::mean,
      },
  };
  return operators;
}

}  // namespace wattlayer
