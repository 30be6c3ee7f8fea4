#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "wattlayer/fit/boosting.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// How boosted trees are fitted to what the law leaves.
struct TreeOptions {
  std::string library = BoostingLibrary::habitual;
  size_t fewest_layers = 300;  ///< distinct measured layers of a group
  size_t most_rows = 60000;    ///< of all groups; more are thinned evenly
  size_t folds = 3;            ///< of blocks, that choose
  int most_rounds = 300;
  int depth = 6;
};

/// What held-out blocks chose for one group; no rounds: the law alone does as well.
struct TreeChoice {
  int time_rounds = 0, power_rounds = 0;
  bool absolute = false;                     ///< least absolute errors instead of least squares
  double error_before = 0, error_after = 0;  ///< mean |log error| of energy plus that of time, on held-out blocks

  bool kept() const { return time_rounds > 0 || power_rounds > 0; }
};

/// By family, variant and data type of the group.
using TreePlan = std::map<std::tuple<std::string, std::string, DataType>, TreeChoice>;

/// A plan, and what trees that had not seen a row's block said of it.
struct PlannedTrees {
  TreePlan plan;
  TreeAnswers held_out;  ///< of rows of the groups that get trees
};

/// Chooses by blocked cross-validation on single-layer rows which groups get trees, and how many: where the mean error of
/// held-out blocks falls by more than twice its standard error. Empty where the library is absent or no group has layers enough.
PlannedTrees plan_trees(const PhysicsModel& law, TrainingRows rows, const Target& target, const TreeOptions& options);

/// Fits what the plan says, on all rows, and then the network correction anew.
void add_trees(PhysicsModel& law, TrainingRows rows, const Target& target, const TreePlan& plan, const TreeOptions& options);

/// Whether some group has layers enough for trees.
bool wants_trees(const PhysicsModel& law, const TreeOptions& options);

}  // namespace wattlayer
