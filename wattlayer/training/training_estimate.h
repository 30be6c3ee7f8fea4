#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/workload.h"
#include "wattlayer/graph/training_memory.h"
#include "wattlayer/graph/training_step.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// A training that is planned.
struct TrainingPlan {
  double samples = 0, validation_samples = 0;  ///< of one epoch
  double epochs = 1;
};

/// What a plan executes. Both workloads come from the same network, batch and engine.
struct TrainingWorkloads {
  Workload step;
  Workload validation;  ///< forward pass in its inference form
};

/// Energy and time of a part.
struct TrainingShare {
  std::string name;  ///< a phase, or an operator
  double count = 0, macs = 0;
  double energy_j = 0, time_s = 0;  ///< of one step
  double predicted_j = 0;           ///< of energy_j, by predictors inside their fitted range
};

/// Energy and time before training starts, with 90 % intervals.
struct TrainingEstimate {
  Estimate step;                            ///< one step; its layers are those of TrainingWorkloads::step
  Estimate validation;                      ///< one validation pass; empty when nothing is validated
  double steps = 0, validation_passes = 0;  ///< of one epoch
  std::array<TrainingShare, 3> phases;      ///< forward, backward, optimizer
  TrainingShare between;                    ///< of the pass as a whole and no layer's
  std::vector<TrainingShare> operators;     ///< dearest first
  Interval epoch_j, epoch_s, run_j, run_s;
  double coverage = 0;  ///< share of the run's energy that predictors inside their fitted range explain
};

/// Throws Error(invalid_input) for a plan of no step, and as `predict`.
TrainingEstimate estimate_training(const TrainingWorkloads& workloads, const TrainingPlan& plan, const EnergyModel& model,
                                   const OperatingPoint& point = {});

}  // namespace wattlayer
