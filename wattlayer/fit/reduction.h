#pragma once
#include <utility>
#include <vector>

#include "wattlayer/fit/method.h"
#include "wattlayer/fit/physics_problem.h"

namespace wattlayer {

/// Rows reduced to terms, and the groups and devices they belong to.
struct Reduced {
  std::vector<FitRow> rows;
  std::vector<PhysicsGroup> groups;
  std::vector<FitDevice> devices;
  size_t known_groups = 0;  ///< of a prior; they come first and keep their standardisation
};

/// Hardware and engine of a row: the target's, unless the row names others and there is a catalogue to describe them.
std::pair<const Hardware*, const Engine*> described(const Measurement& row, const Target& target);

/// Usable rows as terms, groups described over their distinct layers, residual terms standardised. Devices are numbered in the
/// order of the rows; the target is the only one where there is no row. `known` may be null.
Reduced reduce(TrainingRows rows, const Target& target, const DevicePrior* known);

/// The parameters that fit best, from the means of their priors.
std::vector<double> solve(const PhysicsProblem& problem, const PhysicsParameters& parameters, int iterations);

/// The law fitted to rows of one device; the prior alone where there are none. Throws Error(invalid_input) for fewer than 5
/// usable rows without a prior. `curved_windows`: as in PhysicsParameters.
PhysicsModel fit_law(TrainingRows rows, const Target& target, double norm, size_t most_rows, int iterations,
                     const DevicePrior* known = nullptr, bool curved_windows = false);

}  // namespace wattlayer
