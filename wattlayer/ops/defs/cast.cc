#include <algorithm>
#include <cmath>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// The same elements in another data type.
namespace wattlayer {
namespace {

void cast_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require(layer.attributes.has("to"), layer, "expected the attribute 'to', a data type");
  rules::set_output(layer, 0, layer.input(0).shape, require_data_type(layer.attributes.text("to", "")));
}

void cast_like_shapes(Layer& layer) {
  if (rules::inputs_known(layer, 2)) rules::set_output(layer, 0, layer.input(0).shape, layer.input(1).dtype);
}

/// A real becomes an integer by truncation; what the integer type cannot hold stays unfolded, as its result is undefined.
void fold_cast(Layer& layer) {
  const Value* x = fold::input(layer, 0);
  if (!x || !layer.output(0).known) return;
  const DataType to = layer.output(0).dtype;
  Value out;
  out.is_real = is_float(to);
  for (size_t i = 0; i < x->size(); ++i) {
    if (to == DataType::boolean) {
      out.integers.push_back(x->is_real ? x->reals[i] != 0 : x->integers[i] != 0);
    } else if (out.is_real) {
      out.reals.push_back(x->real(i));
    } else {
      const auto whole = x->is_real ? fold::truncate(x->reals[i]) : std::optional(x->integers[i]);
      if (!whole) return;
      out.integers.push_back(*whole);
    }
  }
  fold::set(layer, 0, std::move(out));
}

Cost cast_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.flops = c.output_elements;
  return c;
}

}  // namespace

const std::vector<Operator>& cast_operators() {
  static const Run to_output_type = {
      "aten::to.dtype", {{.parameter = "self"}, {.parameter = "dtype", .source = RunArgument::Source::output_dtype}}};
  static const std::vector<Operator> operators = {
      {
          .name = "Cast",
          .family = Family::elementwise,
          .summary = "conversion to another data type; one FLOP an element",
          .shapes = cast_shapes,
          .cost = cast_cost,
          .fold = fold_cast,
          .normalize = [](Layer& layer, int) { rules::name_type(layer, "to"); },
          .attributes = {{"to"}},
          .run = to_output_type,
          .examples = {"Cast 1x128x768 to=f16", "Cast i64:1x128 to=f32"},
          .backward = backward_rules::cast,
      },
      {
          .name = "CastLike",
          .family = Family::elementwise,
          .summary = "conversion to the data type of the second input; one FLOP an element",
          .shapes = cast_like_shapes,
          .cost = cast_cost,
          .fold = fold_cast,
          .run = to_output_type,
          .examples = {"CastLike 1x128x768 f16:1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
