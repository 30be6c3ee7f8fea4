#include <algorithm>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

/// Before opset 13 the input was flattened to two dimensions at `axis`, 1 by default. Where only one dimension of that tail
/// is larger than 1 this is today's operator; elsewhere `flatten=1` keeps the old meaning.
void normalize_softmax(Layer& layer, int opset) {
  const Tensor& x = layer.input(0);
  if (opset >= 13 || !x.present || !x.known || x.rank() == 0 || layer.attributes.has("flatten")) return;
  const int64_t first = rules::axis(layer.attributes.integer("axis", 1), x.rank());
  int64_t wide = 0, axis = x.rank() - 1;
  for (int64_t i = first; i < x.rank(); ++i)
    if (x.shape[static_cast<size_t>(i)] != 1) ++wide, axis = i;
  if (wide > 1) layer.attributes.set("flatten", int64_t{1}), axis = first;
  layer.attributes.set("axis", axis == x.rank() - 1 ? int64_t{-1} : axis);
}

void softmax_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  if (layer.input(0).rank() > 0) rules::axis(layer.attributes.integer("axis", -1), layer.input(0).rank());
  rules::same_as_input(layer);
}

/// Vectors that are normalized on their own.
double rows(const Layer& layer) {
  const Tensor& x = layer.input(0);
  const int64_t attribute = layer.attributes.integer("axis", -1);
  const int64_t axis = attribute < 0 ? attribute + x.rank() : attribute;
  double width = rules::dim(x, axis);
  if (layer.attributes.integer("flatten", 0))
    for (int64_t i = axis + 1; i < x.rank(); ++i) width *= rules::dim(x, i);
  return rules::ratio(x.elements(), width);
}

Cost softmax_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 4 * c.output_elements;
  c.special = c.output_elements + rows(layer);
  return c;
}

Cost bias_softmax_cost(const Layer& layer) {
  Cost c = rules::per_element<5, 1>(layer);
  const Tensor& x = layer.input(0);
  const int64_t attribute = layer.attributes.integer("axis", 1);
  double rows = 1;
  for (int64_t i = 0; i < std::min(attribute < 0 ? attribute + x.rank() : attribute, x.rank()); ++i) rows *= rules::dim(x, i);
  c.special += rows;
  return c;
}

}  // namespace

const std::vector<Operator>& softmax_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Hardmax",
          .family = Family::softmax,
          .summary = "1 at the maximum, 0 elsewhere; 2 FLOPs an element",
          .shapes = softmax_shapes,
          .cost = rules::per_element<2>,
          .normalize = normalize_softmax,
          .attributes = {{"axis", "-1"}, {"flatten", "0"}},
          .examples = {"Hardmax 1x1000"},
      },
      {
          .name = "LogSoftmax",
          .family = Family::softmax,
          .summary = "logarithm of softmax; 4 FLOPs (maximum, difference, sum, difference) and one exp an element, one log a row",
          .shapes = softmax_shapes,
          .cost = softmax_cost,
          .normalize = normalize_softmax,
          .attributes = {{"axis", "-1"}, {"flatten", "0"}},
          .can_run_in_place = true,
          .run = {"aten::log_softmax.int", {run::input("self"), run::attribute("dim", "axis", "-1")}},
          .examples = {"LogSoftmax 1x1000"},
          .backward = backward_rules::softmax,
      },
      {
          .name = "Softmax",
          .family = Family::softmax,
          .summary =
              "softmax along `axis`; 4 FLOPs (maximum, difference, sum, scaling) and one exp an element, one reciprocal a row",
          .shapes = softmax_shapes,
          .cost = softmax_cost,
          .normalize = normalize_softmax,
          .attributes = {{"axis", "-1"}, {"flatten", "0"}},
          .can_run_in_place = true,
          .run = {"aten::softmax.int", {run::input("self"), run::attribute("dim", "axis", "-1")}},
          .examples = {"Softmax 1x12x128x128", "Softmax 2x8x16 axis=1", "Softmax 2x8x16 axis=1 flatten=1"},
          .backward = backward_rules::softmax,
      },
      {
          .name = "com.microsoft.BiasSoftmax",
          .family = Family::softmax,
          .summary = "softmax of a sum, over all dimensions from `axis` on; 5 FLOPs and one exp an element, one reciprocal a row",
          .shapes = softmax_shapes,
          .cost = bias_softmax_cost,
          .attributes = {{"axis", "1"}, {"is_inner_broadcast"}},
          .examples = {"com.microsoft.BiasSoftmax 1x12x16x16 1x1x16x16 axis=3 is_inner_broadcast=1"},
      },
  };
  return operators;
}

}  // namespace wattlayer
