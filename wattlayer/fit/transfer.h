#pragma once
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/predict/device_prior.h"

namespace wattlayer {

/// How devices are fitted together.
struct PriorOptions {
  double norm = 2;
  size_t rows_of_a_device = 150;
  int iterations = 30;
  size_t most_left_out = 6;  ///< devices left out in turn for the widths of intervals, where there are three; 0: none
};

/// What devices have in common: the law fitted to all of them together, with groups of layers shared and each device's own
/// parameters near a common distance from its data sheet. Throws Error(invalid_input) for fewer than 5 usable rows.
DevicePrior learn_prior(TrainingRows rows, const Target& target, const PriorOptions& options = {});

/// The law for a device from what others teach and its own rows, which may be none.
PhysicsFit fit_from_prior(TrainingRows rows, const Target& target, const DevicePrior& prior,
                          const PhysicsFitOptions& options = {});

/// Priors learned from sets of rows, each once. May be used by several threads.
class LearnedPriors {
 public:
  /// learn_prior(others, target), or what came of it before. Throws as that does.
  std::shared_ptr<const DevicePrior> of(TrainingRows others, const Target& target);

 private:
  using Learned = std::shared_future<std::shared_ptr<const DevicePrior>>;
  std::mutex looking_;
  std::map<std::vector<const Measurement*>, Learned> learned_;
};

}  // namespace wattlayer
