#include <algorithm>
#include <map>
#include <span>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/step_graph.h"

namespace wattlayer {
namespace {

/// One elementwise kernel of an optimizer. Operands: p parameter, g gradient, m and v its states, d and e scratch, 1 a number.
/// The first operand is overwritten, unless a result of its own is named.
struct Kernel {
  std::string_view op, operands;
  char result = 0;
};

// The sequences of torch.optim's foreach forms (torch/optim/{sgd,adam,adamw,adagrad,rmsprop}.py). addcdiv reads three tensors
// and writes one, as Sum does.
constexpr Kernel sgd[] = {{"Add", "pg"}};
constexpr Kernel momentum[] = {{"Mul", "m1"}, {"Add", "mg"}, {"Add", "pm"}};
constexpr Kernel adagrad[] = {{"Add", "vg"}, {"Sqrt", "v", 'd'}, {"Add", "d1"}, {"Mul", "g1", 'e'}, {"Sum", "ped"}};
constexpr Kernel rmsprop[] = {{"Mul", "v1"}, {"Add", "vg"}, {"Sqrt", "v", 'd'}, {"Add", "d1"}, {"Sum", "pgd"}};
constexpr Kernel adam[] = {{"Add", "mg"}, {"Mul", "v1"}, {"Add", "vg"}, {"Sqrt", "v", 'd'},
                           {"Div", "d1"}, {"Add", "d1"}, {"Sum", "pmd"}};
constexpr Kernel adamw[] = {{"Mul", "p1"},      {"Add", "mg"}, {"Mul", "v1"}, {"Add", "vg"},
                            {"Sqrt", "v", 'd'}, {"Div", "d1"}, {"Add", "d1"}, {"Sum", "pmd"}};

std::span<const Kernel> kernels_of(Optimizer optimizer) {
  switch (optimizer) {
    case Optimizer::sgd:
      return sgd;
    case Optimizer::momentum:
      return momentum;
    case Optimizer::adagrad:
      return adagrad;
    case Optimizer::rmsprop:
      return rmsprop;
    case Optimizer::adam:
      return adam;
    case Optimizer::adamw:
      return adamw;
    case Optimizer::none:
      break;
  }
  return {};
}

/// ONNX's operator; RMSprop moves and computes what Adagrad does.
std::string_view fused_operator(Optimizer optimizer) {
  switch (states(optimizer)) {
    case 2:
      return "ai.onnx.preview.training.Adam";
    case 1:
      return optimizer == Optimizer::momentum ? "ai.onnx.preview.training.Momentum" : "ai.onnx.preview.training.Adagrad";
    default:
      return {};
  }
}

/// Parameters, gradients and states change from step to step.
Tensor changing(Tensor tensor) {
  tensor.constant = false, tensor.value = nullptr;
  return tensor;
}

void add_fused(StepGraph& step, const std::vector<TrainedParameter>& parameters, Optimizer optimizer) {
  Layer layer{.op = std::string(fused_operator(optimizer))};
  std::vector<int> inputs = {step.scalar(0.001, DataType::f32), step.value("step_count", Tensor::of({}, DataType::i64))};
  layer.inputs = {step.tensor(inputs[0]), step.tensor(inputs[1])};
  const auto take = [&](int value) {
    inputs.push_back(value);
    layer.inputs.push_back(changing(step.tensor(value)));
  };
  for (const TrainedParameter& p : parameters) take(p.value);
  for (const TrainedParameter& p : parameters) take(p.gradient);
  for (int s = 0; s < states(optimizer); ++s)
    for (const TrainedParameter& p : parameters) {
      const std::string name = "state_" + std::to_string(s) + ":" + step.graph.values[static_cast<size_t>(p.value)];
      take(step.value(name, changing(step.tensor(p.value))));
      step.graph.inputs.push_back(inputs.back());
    }
  for (int s = 0; s <= states(optimizer); ++s)
    for (const TrainedParameter& p : parameters) layer.outputs.push_back(changing(step.tensor(p.value)));
  layer.dtype = layer.outputs.front().dtype;
  const size_t node = step.put("optimizer:" + std::string(name(optimizer)), std::move(layer), std::move(inputs));
  const auto& outputs = step.graph.nodes[node].outputs;
  step.graph.outputs.insert(step.graph.outputs.end(), outputs.begin(), outputs.end());
}

/// Runs the kernels over one tensor of parameters; `operands` holds p and g. The name is a copy: values are added to the graph.
void add_kernels(StepGraph& step, std::map<char, int> operands, std::string name, Optimizer optimizer) {
  const Tensor like = changing(step.tensor(operands.at('p')));
  operands['1'] = step.scalar(0.5, like.dtype);
  for (char state : {'m', 'v'}) {
    operands[state] = step.value(std::string(1, state) + ":" + name, like);
    step.graph.inputs.push_back(operands[state]);
  }
  std::map<char, bool> written;
  int number = 0;
  for (const Kernel& kernel : kernels_of(optimizer)) {
    Layer layer{.op = std::string(kernel.op), .outputs = {like}, .dtype = like.dtype, .in_place = kernel.result == 0};
    std::vector<int> inputs;
    for (char operand : kernel.operands) {
      inputs.push_back(operands.at(operand));
      layer.inputs.push_back(operand == '1' ? step.tensor(inputs.back()) : changing(step.tensor(inputs.back())));
    }
    const char result = kernel.result ? kernel.result : kernel.operands[0];
    const std::string text = "optimizer:" + name + ":" + std::string(kernel.op) + "_" + std::to_string(number++);
    operands[result] = step.graph.nodes[step.put(text, std::move(layer), std::move(inputs))].outputs[0];
    written[result] = true;
  }
  for (char kept : {'p', 'm', 'v'})
    if (written[kept]) step.graph.outputs.push_back(operands[kept]);
}

/// All parameters as one vector: kernels over lists of tensors take them together.
void add_foreach(StepGraph& step, const std::vector<TrainedParameter>& parameters, Optimizer optimizer) {
  std::map<DataType, int64_t> sizes;
  for (const TrainedParameter& p : parameters) {
    sizes[step.tensor(p.value).dtype] += static_cast<int64_t>(step.tensor(p.value).elements());
    step.graph.outputs.push_back(p.gradient);
  }
  for (const auto& [dtype, size] : sizes) {
    std::map<char, int> operands;
    for (char operand : {'p', 'g'}) {
      operands[operand] = step.value(operand == 'p' ? "all_parameters" : "all_gradients", Tensor::of({size}, dtype));
      step.graph.inputs.push_back(operands[operand]);
    }
    add_kernels(step, std::move(operands), std::string(name(optimizer)), optimizer);
  }
}

}  // namespace

void add_optimizer(StepGraph& step, const std::vector<TrainedParameter>& parameters, Optimizer optimizer,
                   OptimizerKernels kernels) {
  if (optimizer == Optimizer::none) {
    for (const TrainedParameter& p : parameters) step.graph.outputs.push_back(p.gradient);
    return;
  }
  if (kernels == OptimizerKernels::fused && !fused_operator(optimizer).empty()) return add_fused(step, parameters, optimizer);
  if (kernels != OptimizerKernels::per_tensor) return add_foreach(step, parameters, optimizer);
  for (const TrainedParameter& p : parameters)
    add_kernels(step, {{'p', p.value}, {'g', p.gradient}}, step.graph.values[static_cast<size_t>(p.value)], optimizer);
}

}  // namespace wattlayer
