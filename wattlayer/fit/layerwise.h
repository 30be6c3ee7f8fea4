#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "wattlayer/fit/method.h"

namespace wattlayer {

/// A layer with its measured energy and time, from the training rows of single layers.
struct MeasuredLayer {
  const Layer* layer = nullptr;
  double energy_j = 0;
  std::optional<double> time_s;
};

/// Training rows of single layers with an energy, by operator.
std::map<std::string, std::vector<MeasuredLayer>> measured_layers(TrainingRows rows);

/// Training rows of whole networks with an energy.
std::vector<const Measurement*> measured_networks(TrainingRows rows);

/// What a law of whole workloads is fitted on: the networks where there are at least so many, else every row with energy.
std::vector<const Measurement*> measured_workloads(TrainingRows rows, size_t least);

/// Sums a law for each operator over the layers of a workload. An operator without a law is left out of the sum where other
/// layers have one (published practice: negligible layers are discarded); alone it is not covered.
class LayerwisePredictor : public Predictor {
 public:
  using Law = std::function<double(const Layer&)>;
  explicit LayerwisePredictor(std::map<std::string, Law> laws, double correction = 1)
      : laws_(std::move(laws)), correction_(correction) {}

  std::optional<Interval> energy_j(const Workload& workload) const override;

 private:
  std::map<std::string, Law> laws_;
  double correction_;  ///< of whole networks
};

/// An interval without width.
inline Interval point(double value) { return {value, value, value}; }

}  // namespace wattlayer
