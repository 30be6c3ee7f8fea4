#pragma once
#include <span>
#include <vector>

#include "wattlayer/core/workload.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/predict/device_prior.h"

namespace wattlayer {

/// One workload worth measuring, and what is left to know after it.
struct Suggestion {
  size_t candidate = 0;                        ///< position among the candidates
  double spread_before = 0, spread_after = 0;  ///< root mean square over all candidates of the spread of log energy that the
                                               ///< prior leaves, before and after measuring this one
};

/// Which `count` of the candidates to measure, best first: each next one lowers the variance of log energy, summed over all
/// candidates, most (greedy I-optimal design on the law linearised at the prior's mean; measurements err by 5 %).
std::vector<Suggestion> suggest(std::span<const Workload> candidates, const Target& target, const DevicePrior& prior,
                                size_t count);

}  // namespace wattlayer
