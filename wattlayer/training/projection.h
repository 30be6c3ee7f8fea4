#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/epoch_series.h"
#include "wattlayer/training/epoch_plan.h"
#include "wattlayer/training/learned_projection.h"

namespace wattlayer {

/// Ends of a 90 % interval.
struct JoulesInterval {
  Joules low, high;
};

/// What a run will have cost when it ends.
struct Projection {
  Joules spent, total;
  std::optional<JoulesInterval> interval;  ///< of the total; nothing where the method knows none
  Joules next_epoch;                       ///< mean of the epochs to come
  std::optional<JoulesInterval> next_interval;
  std::optional<Seconds> next_duration;  ///< mean of the epochs to come; nothing where epochs have no duration
  std::optional<size_t> stable_since;    ///< position of the epoch where the last level starts, where the method looks for it
  std::vector<std::string> remarks;      ///< one sentence each
};

/// What a projection may use besides the epochs.
struct ProjectionOptions {
  size_t window = 5;                           ///< step, step-power, skip-k: epochs averaged; skip-k: 0 for all after the skipped
  size_t start = 10;                           ///< step, step-power: epochs before the first stable one
  size_t skip = 1;                             ///< skip-k
  size_t first = 1;                            ///< carbontracker: epochs averaged; 0 for all seen
  std::optional<Seconds> duration;             ///< step-power: planned duration of the whole run; else epochs x mean duration
  const LearnedProjection* learned = nullptr;  ///< ours
};

/// One way to project. `fewest`: epochs that it needs.
struct ProjectionMethod {
  std::string_view name, what;
  size_t (*fewest)(const ProjectionOptions& options);
  Projection (*project)(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options);
};

/// carbontracker, skip-k, step, step-power, ours.
std::span<const ProjectionMethod> projection_methods();

/// Throws Error(invalid_input) that lists the known names.
const ProjectionMethod& require_projection_method(std::string_view name);

/// Projects the run's total energy from its first epochs. Ends of the plan before the last epoch seen count no more. Throws
/// Error(invalid_input) for too few epochs, for more epochs than the plan has, or where the method lacks an option.
Projection project(const ProjectionMethod& method, std::span<const Epoch> seen, const EpochPlan& plan,
                   const ProjectionOptions& options);

/// When a run passes a budget.
struct BudgetPassed {
  double epoch = 0;             ///< in which the budget is used up, counted from 1
  std::optional<Seconds> time;  ///< from the start of the run
  bool already = false;         ///< the epochs seen have passed it
};

/// Nothing where the energy stays within the budget up to the plan's latest end. `next`: energy of an epoch to come.
std::optional<BudgetPassed> budget_passed(Joules budget, std::span<const Epoch> seen, double latest, Joules next,
                                          std::optional<Seconds> next_duration);

}  // namespace wattlayer
