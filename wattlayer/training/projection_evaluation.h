#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/epoch_series.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/training/learned_projection.h"

namespace wattlayer {

/// How projections of runs are scored.
struct ProjectionTrial {
  std::string dataset, hardware, engine, scope, split;  ///< written into the rows
  std::vector<size_t> epochs_seen = {1, 2, 3, 4, 6, 8, 10, 15, 20, 30};
  bool duration_known = false;                 ///< step-power is told how long the whole run took
  const LearnedProjection* learned = nullptr;  ///< for every run; else `ours` is learned without the block of the run
  /// Instead where fewer than five other blocks teach, unless the block is among those that it was learned from.
  const LearnedProjection* elsewhere = nullptr;
  std::set<std::string> elsewhere_blocks = {};
};

/// Projects each run's total energy from its first epochs by every method and compares it with the measured total: a row a method
/// and count of epochs seen, over all runs that have at least two epochs more, and one row a method over all counts.
/// carbontracker and skip-k average all epochs seen.
Evaluation evaluate_projections(std::span<const EpochSeries> runs, const ProjectionTrial& trial);

}  // namespace wattlayer
