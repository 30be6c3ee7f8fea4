#pragma once
#include <optional>
#include <string>

#include "wattlayer/report/footprint.h"
#include "wattlayer/training/epoch_csv.h"
#include "wattlayer/training/projection.h"

namespace wattlayer::cli {

/// What a user wants to know besides energy; nothing is assumed where nothing is given.
struct CostOptions {
  Footprint factors;             ///< of them `grid`, `pue` and `price`
  std::optional<Joules> budget;  ///< with `pue`: of what the data centre draws
};

/// A projection with all that its texts tell.
struct ProjectedRun {
  std::string file, method, energy_from;
  std::span<const Epoch> seen;
  EpochPlan plan;
  Projection projection;
  CostOptions cost;
  std::optional<BudgetPassed> passed, passed_at_worst;  ///< by the projection; by the upper end of its interval
};

/// Adds when the budget is passed.
void compare_with_budget(ProjectedRun& run);

std::string projection_table(const ProjectedRun& run);
/// One object; on one line with `compact`.
std::string projection_json(const ProjectedRun& run, bool compact);
/// One line for a run that is going on.
std::string projection_line(const ProjectedRun& run);

/// `2kWh`, `500 kJ`, `3.6e6` (J). Throws Error(invalid_input).
Joules parse_energy(const std::string& text);

}  // namespace wattlayer::cli
