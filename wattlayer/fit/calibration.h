#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// The finite-sample 90 % quantile of conformal prediction: the ceil(0.9 (n+1))-th smallest; of at least one error.
double conformal_quantile(std::vector<double> errors);

/// What the model makes of a measured workload.
PhysicsModel::Totals price(const PhysicsModel& model, const Measurement& measurement, const Hardware& hardware,
                           const Engine& engine);

/// Rows in folds such that a block is never divided; rows without a block are each a block of their own.
std::vector<std::vector<const Measurement*>> blocked_folds(TrainingRows rows, size_t folds);

/// Everything outside fold f.
std::vector<const Measurement*> outside_fold(const std::vector<std::vector<const Measurement*>>& folds, size_t f);

/// How well held-out blocks were predicted, layers and networks apart; empty where there were none.
struct HeldOut {
  std::vector<Scored> layers, networks;
};

/// What trees add to the logarithms of a layer's time and power, by row.
struct TreeAnswer {
  double time = 0, power = 0;
};
using TreeAnswers = std::unordered_map<const Measurement*, TreeAnswer>;

/// Sets the model's conformal quantiles from folds of the rows: each fold is predicted by a model fitted on the others. Rows of
/// one layer that `answers` has take from there what trees say that have not seen their block; `fit` then need not fit any.
HeldOut calibrate(PhysicsModel& model, TrainingRows rows, const Hardware& hardware, const Engine& engine, size_t folds,
                  const std::function<PhysicsModel(TrainingRows)>& fit, const TreeAnswers& answers = {});

}  // namespace wattlayer
