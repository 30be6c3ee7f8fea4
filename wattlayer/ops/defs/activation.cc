#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

Cost one_flop_an_element(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = c.output_elements;
  return c;
}

}  // namespace

const std::vector<Operator>& activation_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Relu",
          .family = Family::activation,
          .summary = "max(x, 0): one FLOP an element",
          .shapes = rules::same_as_input,
          .cost = one_flop_an_element,
          .can_run_in_place = true,
          .run = {"aten::relu", {{.parameter = "self"}}},
          .examples = {"Relu 1x64x56x56"},
      },
  };
  return operators;
}

}  // namespace wattlayer
