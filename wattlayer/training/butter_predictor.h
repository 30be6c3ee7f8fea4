#pragma once
#include <vector>

#include "wattlayer/fit/method.h"
#include "wattlayer/training/butter_e.h"

namespace wattlayer {

/// Answers for rows whose conditions describe the training of a perceptron, by BUTTER-E's law. Rows with a working set in a
/// memory level that no training row touched are `extrapolated`.
class ButterPredictor : public Predictor {
 public:
  /// The hardware outlives the predictor.
  /// `spread`: the energy lies within its value times or divided by this, at 90 %; 1: no interval is known.
  ButterPredictor(const Hardware& hardware, ButterCoefficients coefficients, std::vector<bool> seen_levels, double spread = 1);

  std::optional<Prediction> predict(const Question& question) const override;
  /// Nothing: a workload does not say how many samples and epochs it stands for.
  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

 private:
  const Hardware& hardware_;
  ButterCoefficients coefficients_;
  std::vector<bool> seen_levels_;
  double spread_;
};

}  // namespace wattlayer
