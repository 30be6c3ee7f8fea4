#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/card.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/fit/residual_trees.h"
#include "wattlayer/predict/device_prior.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// How the physical law is fitted.
struct PhysicsFitOptions {
  size_t most_rows = 6000;       ///< more rows than this are thinned evenly: the fit gains nothing from them
  size_t calibration_folds = 5;  ///< 0: no calibration
  int iterations = 40;
  std::optional<double> stated_power_w;   ///< where no row has a measured energy: energy is modelled as this times time
  const DevicePrior* prior = nullptr;     ///< what other devices teach; nullptr: the data sheet alone
  std::vector<double> norms = {1, 2, 4};  ///< candidates for p, chosen on held-out blocks
  TreeOptions trees;
  std::function<void(const std::string&)> remark;  ///< told what a user should know, one sentence each
};

/// A fitted law and how it did on held-out blocks.
struct PhysicsFit {
  PhysicsModel model;
  HeldOut held_out;
  TreePlan trees;                     ///< empty: no group has any
  bool trees_lacked_library = false;  ///< layers were enough, but there is no XGBoost here
};

/// Maximum a posteriori fit of the law in predict/physics.h: relative errors of energy and time of layer and network rows
/// together under a robust loss; priors from the hardware description; group factors and residuals shrunk to none.
/// Calibrates intervals on blocked folds. Rows without a figure or with a failure are passed over;
/// modelled energy is never fitted: where no row has a measured one, the power stated by the options or the rows times the fitted
/// time stands for it. Throws Error(invalid_input) when fewer than 5 rows are left, or there is no such power.
/// Rows of other devices, where the target has a catalogue, give the prior (learn_prior) for those of the target's own.
PhysicsFit fit_physics(TrainingRows rows, const Target& target, const PhysicsFitOptions& options = {});

/// fit_physics, with everything else an energy model holds; scope, data type and idle are those of the rows, which must agree.
EnergyModel fit_energy_model(TrainingRows rows, const Hardware& hardware, std::string hardware_json, const Engine& engine,
                             std::string engine_json, std::string id, const CardOrigin& about = {},
                             const PhysicsFitOptions& options = {});

/// `physics` as a method to compare.
Method physics_method();

}  // namespace wattlayer
