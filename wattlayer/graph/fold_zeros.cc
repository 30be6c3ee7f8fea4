#include <algorithm>
#include <array>
#include <numeric>

#include "wattlayer/graph/lowering.h"

namespace wattlayer::lowering {
namespace {

/// What is known of a value before the network runs.
enum class Known : char { nothing, constant, zero };

bool is_zero_scalar(const Tensor& t) { return t.value && t.value->size() == 1 && t.value->real(0) == 0; }

/// The operator makes zeros of zeros.
bool keeps_zero(const Layer& layer) {
  static constexpr std::array<std::string_view, 6> operators = {"Relu", "Identity", "AveragePool", "MaxPool", "Add", "Mul"};
  return std::find(operators.begin(), operators.end(), layer.op) != operators.end() ||
         (layer.op == "Conv" && !layer.has_input(2));
}

}  // namespace

/// x * 0 is 0 here, whatever x is: zeros and what is computed from them alone are folded, and a sum with zeros is the other
/// summand.
void Lowering::fold_zeros() {
  std::vector<Known> known(producer_.size(), Known::nothing);
  std::vector<int> stands_for(producer_.size());
  std::iota(stands_for.begin(), stands_for.end(), 0);
  for (Step& step : steps_) {
    const Layer& layer = *step.layer;
    size_t zeros = 0, constants = 0, open = 0;
    int other = -1;
    bool times_zero = false, whole = false;
    auto operands = inputs(step);
    for (size_t j = 0; j < operands.size(); ++j) {
      if (layer.op == "Mul" && is_zero_scalar(layer.inputs[j])) times_zero = true;
      if (operands[j] < 0 || layer.inputs[j].constant) continue;
      operands[j] = stands_for[static_cast<size_t>(operands[j])];
      const Known k = known[static_cast<size_t>(operands[j])];
      if (k == Known::nothing) ++open, other = operands[j], whole = layer.inputs[j].shape == layer.output(0).shape;
      else ++(k == Known::zero ? zeros : constants), times_zero = times_zero || (layer.op == "Mul" && k == Known::zero);
    }
    if (step.outputs != 1 || outputs(step)[0] < 0) continue;
    const size_t result = static_cast<size_t>(outputs(step)[0]);
    if (times_zero || (zeros > 0 && constants + open == 0 && keeps_zero(layer))) known[result] = Known::zero;
    else if (zeros + constants > 0 && open == 0) known[result] = Known::constant;
    else if (layer.op == "Add" && zeros == 1 && open == 1 && whole) stands_for[result] = other;
    else continue;
    step.folded = true;
  }
  for (size_t value = 0; value < needed_.size(); ++value)
    if (needed_[value] && stands_for[value] != static_cast<int>(value)) needed_[static_cast<size_t>(stands_for[value])] = 1;
}

}  // namespace wattlayer::lowering
