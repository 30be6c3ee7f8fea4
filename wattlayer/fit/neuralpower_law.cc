#include "wattlayer/fit/neuralpower_law.h"

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using F = LayerFeature;

/// Configuration of a layer type (paper, section 3.1); types that it does not name take batch and input size.
std::vector<LayerFeature> configuration(const std::string& op) {
  if (op == "Conv")
    return {F::batch, F::image_size, F::in_channels, F::kernel_size, F::stride, F::padding, F::out_image_size, F::out_channels};
  if (op == "MaxPool" || op == "AveragePool")
    return {F::batch, F::image_size, F::in_channels, F::kernel_size, F::stride, F::out_image_size};
  if (op == "Gemm" || op == "MatMul") return {F::batch, F::input_size, F::output_size};
  return {F::batch, F::input_size};
}

/// Special terms of the runtime: total operations and total memory accesses.
constexpr LayerFeature special[] = {F::flops, F::memory};

}  // namespace

NeuralPowerLaw fit_neuralpower_law(const std::string& op, std::span<const MeasuredLayer> measured, int highest) {
  NeuralPowerLaw law{.inputs = configuration(op)};
  const size_t configured = law.inputs.size();
  law.inputs.insert(law.inputs.end(), std::begin(special), std::end(special));
  Samples power, time;
  for (const MeasuredLayer& m : measured) {
    if (!m.time_s) continue;
    time.features.push_back(features(*m.layer, law.inputs));
    time.targets.push_back(*m.time_s);
    power.features.push_back(time.features.back());
    power.features.back().resize(configured);
    power.targets.push_back(m.energy_j / *m.time_s);
  }
  if (time.size() == 0) throw Error(ErrorKind::invalid_input, "neuralpower needs layers with energy and time");
  law.power_w = fit_sparse_polynomial(power, configured, highest);
  law.time_s = fit_sparse_polynomial(time, configured, highest);
  return law;
}

}  // namespace wattlayer
