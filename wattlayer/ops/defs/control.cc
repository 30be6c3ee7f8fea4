#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Control flow. The importer expands the bodies into the layers around; what stays of the operator itself costs nothing.
namespace wattlayer {
namespace {

/// The outputs are those of the body, which a layer does not hold.
void body_shapes(Layer& layer) { rules::unknown(layer); }

Cost no_cost(const Layer& layer) { return rules::view(layer); }

}  // namespace

const std::vector<Operator>& control_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "If",
          .family = Family::control,
          .summary = "one of two bodies; the body's layers are counted where they stand, the choice itself costs nothing",
          .shapes = body_shapes,
          .cost = no_cost,
          .examples = {"If bool:scalar -> 1x64"},
      },
      {
          .name = "Loop",
          .family = Family::control,
          .summary = "a body run trip-count times; the body's layers carry the count, the loop itself costs nothing",
          .shapes = body_shapes,
          .cost = no_cost,
          .examples = {"Loop [10]@scalar - 1x64 -> 1x64"},
      },
      {
          .name = "Scan",
          .family = Family::control,
          .summary = "a body run over slices; the body's layers carry the count, the loop itself costs nothing",
          .shapes = body_shapes,
          .cost = no_cost,
          .examples = {"Scan 1x64 10x1x64 -> 1x64"},
      },
  };
  return operators;
}

}  // namespace wattlayer
