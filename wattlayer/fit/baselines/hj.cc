#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

/// Logarithms of MACs, activations and parameters; a workload without any counts as one.
std::vector<double> logarithms(const Workload& workload) {
  std::vector<double> values;
  for (LayerFeature f : {LayerFeature::macs, LayerFeature::activations, LayerFeature::parameters})
    values.push_back(std::log(std::max(1.0, total(workload, f))));
  return values;
}

class HiddenJoules : public Predictor {
 public:
  explicit HiddenJoules(Polynomial law) : law_(std::move(law)) {}
  std::optional<Interval> energy_j(const Workload& workload) const override {
    return point(std::exp(law_(logarithms(workload))));
  }

 private:
  Polynomial law_;
};

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  Samples samples;
  for (const Measurement* m : measured_workloads(rows, 4)) {
    samples.features.push_back(logarithms(m->workload));
    samples.targets.push_back(std::log(*m->energy_j));
  }
  if (samples.size() < 4) throw Error(ErrorKind::invalid_input, "hj needs at least 4 rows with energy");
  return std::make_unique<HiddenJoules>(fit_least_squares(monomials(3, 1), samples));
}

}  // namespace

Method hj_method() {
  return {.name = "hj",
          .summary = "energy = e^c MACs^A activations^B parameters^C of the whole workload (Yang, Adamek, Armour 2025)",
          .fit = fit};
}

}  // namespace wattlayer
