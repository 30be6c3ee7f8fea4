#include <bit>
#include <cmath>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Comparisons, logic, bits and Where: elementwise with broadcasting, integer or boolean results.
namespace wattlayer {
namespace {

void compare_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::set_output(layer, 0, rules::broadcast_inputs(layer), DataType::boolean);
}

void bit_shapes(Layer& layer) {
  compare_shapes(layer);
  if (layer.output(0).known) layer.outputs[0].dtype = layer.input(0).dtype;
}

void where_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  rules::set_output(layer, 0, rules::broadcast_inputs(layer), layer.input(1).dtype);
}

Cost one_flop_an_element(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = c.output_elements;
  return c;
}

// The result for two elements, both integers or both reals.
struct Equal {
  static int64_t of(auto a, auto b) { return a == b; }
};
struct Greater {
  static int64_t of(auto a, auto b) { return a > b; }
};
struct Less {
  static int64_t of(auto a, auto b) { return a < b; }
};
struct GreaterOrEqual {
  static int64_t of(auto a, auto b) { return a >= b; }
};
struct LessOrEqual {
  static int64_t of(auto a, auto b) { return a <= b; }
};
struct And {
  static int64_t of(auto a, auto b) { return a != 0 && b != 0; }
};
struct Or {
  static int64_t of(auto a, auto b) { return a != 0 || b != 0; }
};
struct Xor {
  static int64_t of(auto a, auto b) { return (a != 0) != (b != 0); }
};
struct BitwiseAnd {
  static int64_t of(int64_t a, int64_t b) { return a & b; }
};
struct BitwiseOr {
  static int64_t of(int64_t a, int64_t b) { return a | b; }
};
struct BitwiseXor {
  static int64_t of(int64_t a, int64_t b) { return a ^ b; }
};

template <class Rule>
void fold_compare(Layer& layer) {
  if (!fold::ready(layer, 2)) return;
  const Value& a = *fold::input(layer, 0);
  const Value& b = *fold::input(layer, 1);
  if (a.is_real != b.is_real) return;
  const auto i = fold::broadcast_index(layer.input(0).shape, layer.output(0).shape);
  const auto j = fold::broadcast_index(layer.input(1).shape, layer.output(0).shape);
  std::vector<int64_t> out;
  for (size_t n = 0; n < i.size(); ++n) {
    const auto x = static_cast<size_t>(i[n]), y = static_cast<size_t>(j[n]);
    out.push_back(a.is_real ? Rule::of(a.reals[x], b.reals[y]) : Rule::of(a.integers[x], b.integers[y]));
  }
  fold::set(layer, 0, Value::of(std::move(out)));
}

/// Only for types that int64 holds; bits shifted out at the top are lost as in the type.
void fold_shift(Layer& layer) {
  const int width = bits(layer.input(0).dtype);
  if (!fold::ready(layer, 2) || width > 32) return;
  const Value& a = *fold::input(layer, 0);
  const Value& b = *fold::input(layer, 1);
  if (a.is_real || b.is_real) return;
  const bool left = layer.attributes.text("direction", "") == "LEFT";
  const auto i = fold::broadcast_index(layer.input(0).shape, layer.output(0).shape);
  const auto j = fold::broadcast_index(layer.input(1).shape, layer.output(0).shape);
  std::vector<int64_t> out;
  for (size_t n = 0; n < i.size(); ++n) {
    const int64_t x = a.integers[static_cast<size_t>(i[n])], places = b.integers[static_cast<size_t>(j[n])];
    if (x < 0 || places < 0 || places >= width) return;
    out.push_back(left ? (x << places) & ((int64_t{1} << width) - 1) : x >> places);
  }
  fold::set(layer, 0, Value::of(std::move(out)));
}

void fold_not(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || x->is_real) return;
  Value out = *x;
  for (int64_t& v : out.integers) v = v == 0;
  fold::set(layer, 0, std::move(out));
}

void fold_bitwise_not(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x || x->is_real) return;
  const DataType type = layer.input(0).dtype;
  const bool is_unsigned = type == DataType::uint8 || type == DataType::u16 || type == DataType::u32;
  if (type == DataType::u64) return;
  Value out = *x;
  for (int64_t& v : out.integers) v = is_unsigned ? ~v & ((int64_t{1} << bits(type)) - 1) : ~v;
  fold::set(layer, 0, std::move(out));
}

/// The condition chooses between values of one type; unknown values that are never chosen do not matter.
void fold_where(Layer& layer) {
  const Value* condition = fold::input(layer, 0);
  const Tensor& out = layer.output(0);
  if (!condition || condition->is_real || !out.known || !fold::small_count(out.shape)) return;
  const auto pick = fold::broadcast_index(layer.input(0).shape, out.shape);
  const Value* sources[] = {fold::input(layer, 1), fold::input(layer, 2)};
  std::vector<int64_t> index[2];
  for (size_t s : {0, 1})
    if (sources[s]) index[s] = fold::broadcast_index(layer.input(s + 1).shape, out.shape);
  Value result;
  result.is_real = is_float(out.dtype);
  for (size_t n = 0; n < pick.size(); ++n) {
    const size_t s = condition->integers[static_cast<size_t>(pick[n])] != 0 ? 0 : 1;
    if (!sources[s] || sources[s]->is_real != result.is_real) return;
    const auto at = static_cast<size_t>(index[s][n]);
    if (result.is_real) result.reals.push_back(sources[s]->reals[at]);
    else result.integers.push_back(sources[s]->integers[at]);
  }
  fold::set(layer, 0, std::move(result));
}

Run binary(std::string_view aten) { return {aten, {{.parameter = "self"}, {.parameter = "other", .index = 1}}}; }

Operator comparison(std::string_view name, std::string_view summary, void (*fold)(Layer&), std::string_view aten,
                    std::string_view example) {
  return {.name = name,
          .family = Family::elementwise,
          .summary = summary,
          .shapes = compare_shapes,
          .cost = one_flop_an_element,
          .fold = fold,
          .run = binary(aten),
          .examples = {example}};
}

Operator bitwise(std::string_view name, std::string_view summary, void (*fold)(Layer&), std::string_view aten,
                 std::string_view example) {
  Operator op = comparison(name, summary, fold, aten, example);
  op.shapes = bit_shapes;
  op.can_run_in_place = true;
  return op;
}

}  // namespace

const std::vector<Operator>& logic_operators() {
  static const std::vector<Operator> operators = {
      comparison("Equal", "a == b; one FLOP an output element", fold_compare<Equal>, "aten::eq.Tensor", "Equal i64:1x128 i64:1"),
      comparison("Greater", "a > b; one FLOP an output element", fold_compare<Greater>, "aten::gt.Tensor", "Greater 1x128 1"),
      comparison("Less", "a < b; one FLOP an output element", fold_compare<Less>, "aten::lt.Tensor", "Less i64:128 i64:128x1"),
      comparison("GreaterOrEqual", "a >= b; one FLOP an output element", fold_compare<GreaterOrEqual>, "aten::ge.Tensor",
                 "GreaterOrEqual 1x128 1"),
      comparison("LessOrEqual", "a <= b; one FLOP an output element", fold_compare<LessOrEqual>, "aten::le.Tensor",
                 "LessOrEqual 1x128 1"),
      comparison("And", "a and b of booleans; one FLOP an output element", fold_compare<And>, "aten::logical_and",
                 "And bool:1x128 bool:1x128"),
      comparison("Or", "a or b of booleans; one FLOP an output element", fold_compare<Or>, "aten::logical_or",
                 "Or bool:1x128 bool:1x128"),
      comparison("Xor", "a xor b of booleans; one FLOP an output element", fold_compare<Xor>, "aten::logical_xor",
                 "Xor bool:1x128 bool:1x128"),
      bitwise("BitwiseAnd", "a & b of integers; one FLOP an output element", fold_compare<BitwiseAnd>, "aten::bitwise_and.Tensor",
              "BitwiseAnd i32:1x128 i32:1x128"),
      bitwise("BitwiseOr", "a | b of integers; one FLOP an output element", fold_compare<BitwiseOr>, "aten::bitwise_or.Tensor",
              "BitwiseOr i32:1x128 i32:1x128"),
      bitwise("BitwiseXor", "a ^ b of integers; one FLOP an output element", fold_compare<BitwiseXor>, "aten::bitwise_xor.Tensor",
              "BitwiseXor i32:1x128 i32:1x128"),
      {
          .name = "BitShift",
          .family = Family::elementwise,
          .summary = "a << b or a >> b of unsigned integers; one FLOP an output element",
          .shapes = bit_shapes,
          .cost = one_flop_an_element,
          .fold = fold_shift,
          .attributes = {{"direction"}},
          .can_run_in_place = true,
          .examples = {"BitShift uint8:1x128 uint8:1x128 direction=LEFT"},
      },
      {
          .name = "Not",
          .family = Family::elementwise,
          .summary = "negation of a boolean; one FLOP an element",
          .shapes = rules::same_as_input,
          .cost = one_flop_an_element,
          .fold = fold_not,
          .can_run_in_place = true,
          .run = {"aten::logical_not", {{.parameter = "self"}}},
          .examples = {"Not bool:1x128"},
      },
      {
          .name = "BitwiseNot",
          .family = Family::elementwise,
          .summary = "~a of integers; one FLOP an element",
          .shapes = rules::same_as_input,
          .cost = one_flop_an_element,
          .fold = fold_bitwise_not,
          .can_run_in_place = true,
          .run = {"aten::bitwise_not", {{.parameter = "self"}}},
          .examples = {"BitwiseNot i32:1x128"},
      },
      {
          .name = "Where",
          .family = Family::elementwise,
          .summary = "a where the condition holds, b elsewhere, with broadcasting; one FLOP an output element",
          .shapes = where_shapes,
          .cost = one_flop_an_element,
          .fold = fold_where,
          .run = {"aten::where.self",
                  {{.parameter = "condition"}, {.parameter = "self", .index = 1}, {.parameter = "other", .index = 2}}},
          .examples = {"Where bool:1x1x128x128 1x12x128x128 scalar"},
          .backward = backward_rules::where,
      },
  };
  return operators;
}

}  // namespace wattlayer
