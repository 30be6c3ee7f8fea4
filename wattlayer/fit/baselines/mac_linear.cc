#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

class MacLinear : public Predictor {
 public:
  explicit MacLinear(Polynomial line) : line_(std::move(line)) {}
  std::optional<Interval> energy_j(const Workload& workload) const override {
    return point(line_(std::vector<double>{total(workload, LayerFeature::macs)}));
  }

 private:
  Polynomial line_;
};

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  Samples samples;
  for (const Measurement* m : measured_workloads(rows, 2)) {
    samples.features.push_back({total(m->workload, LayerFeature::macs)});
    samples.targets.push_back(*m->energy_j);
  }
  if (samples.size() < 2) throw Error(ErrorKind::invalid_input, "mac-linear needs at least 2 rows with energy");
  return std::make_unique<MacLinear>(fit_least_squares(monomials(1, 1), samples));
}

}  // namespace

Method mac_linear_method() {
  return {.name = "mac-linear",
          .summary = "energy = a x MACs + b of the whole workload (SOTA2 of WattLayer, after Desislavov et al. 2023)",
          .fit = fit};
}

}  // namespace wattlayer
