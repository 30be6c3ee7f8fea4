#pragma once
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/predict/device_prior.h"

namespace wattlayer {

/// How devices are fitted together.
struct PriorOptions {
  double norm = 2;
  size_t rows_of_a_device = 150;
  int iterations = 30;
  bool leave_devices_out = true;  ///< widths of intervals from devices left out in turn, where there are three
};

/// What devices have in common: the law fitted to all of them together, with groups of layers shared and each device's own
/// parameters near a common distance from its data sheet. Throws Error(invalid_input) for fewer than 5 usable rows.
DevicePrior learn_prior(TrainingRows rows, const Target& target, const PriorOptions& options = {});

/// The law for a device from what others teach and its own rows, which may be none.
PhysicsFit fit_from_prior(TrainingRows rows, const Target& target, const DevicePrior& prior,
                          const PhysicsFitOptions& options = {});

}  // namespace wattlayer
