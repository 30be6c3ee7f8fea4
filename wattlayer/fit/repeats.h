#pragma once
#include <deque>
#include <vector>

#include "wattlayer/fit/method.h"

namespace wattlayer {

/// Rows of trainings, of which repeats of a configuration (same workload on the same device under the same conditions) are one
/// row with the geometric means of energy and time: a configuration measured often teaches no more of others than one measured
/// once. Other rows stay as they are.
class AveragedRepeats {
 public:
  explicit AveragedRepeats(TrainingRows rows);

  /// Rows given, and means that live as long as this.
  const std::vector<const Measurement*>& rows() const { return rows_; }

 private:
  std::deque<Measurement> means_;
  std::vector<const Measurement*> rows_;
};

}  // namespace wattlayer
