#pragma once
#include <vector>

#include "wattlayer/fit/physics_problem.h"

namespace wattlayer {

/// The parameters that fit best where rows are fewer than parameters: Gauss-Newton with the priors' spreads as units, each step
/// solved in the space of the rows, u' = J' (J J' + I)^-1 (J u - r), and halved until it helps. The minimum is that of `solve`.
std::vector<double> solve_few_rows(const PhysicsProblem& problem, const PhysicsParameters& parameters, int iterations);

}  // namespace wattlayer
