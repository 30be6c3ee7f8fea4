#pragma once
#include <vector>

#include "wattlayer/bench/measure.h"

namespace wattlayer {

/// How far a measurement of a fixed number of passes is from the reference.
struct RepetitionPoint {
  int64_t passes = 0;
  size_t windows = 0;                      ///< how often it was tried
  Seconds time;                            ///< median of a window
  double median_error = 0, max_error = 0;  ///< |mean of the window - reference| / reference
};

/// Relative error of the mean against the number of repetitions: figure 2 of WattLayer, for a task of one's own.
struct RepetitionCurve {
  Measured reference;    ///< by the adaptive protocol; errors below its own interval say nothing
  bool of_time = false;  ///< nothing was metered: errors are those of the time
  std::vector<RepetitionPoint> points;
};

/// Windows of 1, 2, 5, 10, ... passes up to the length that the protocol would take, `tries` times each, of the first meter. Ends
/// early when the budget is spent. Empty points where the reference failed.
RepetitionCurve repetition_curve(const Task& task, Runner& runner, const Preparation& preparation, std::span<Meter* const> meters,
                                 const Protocol& protocol, Clock& clock, int tries = 9, const ProgressCallback& progress = {});

}  // namespace wattlayer
