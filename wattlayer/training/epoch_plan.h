#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wattlayer {

/// Where a run may end, with weights that sum to 1. A run without early stopping has one end.
class EpochPlan {
 public:
  struct End {
    double epochs = 0;  ///< of the whole run
    double weight = 0;
  };

  /// Throws Error(invalid_input) unless `epochs` is 1 or more.
  static EpochPlan fixed(int64_t epochs);

  /// Early stopping of which only the bounds are known: every count from `earliest` to `planned` alike.
  /// Throws Error(invalid_input) unless 1 <= earliest <= planned.
  static EpochPlan between(int64_t earliest, int64_t planned);

  /// Early stopping as earlier runs had it: their counts of epochs, each alike.
  /// Throws Error(invalid_input) for no count or one below 1.
  static EpochPlan as_earlier(std::span<const int64_t> epochs_of_runs);

  /// What is left of it after so many epochs: ends before `seen` are gone. Nothing when all are.
  std::optional<EpochPlan> after(int64_t seen) const;

  const std::vector<End>& ends() const { return ends_; }
  double expected() const;
  double latest() const { return ends_.back().epochs; }
  bool is_fixed() const { return ends_.size() == 1; }

 private:
  explicit EpochPlan(std::vector<End> ends);
  std::vector<End> ends_;  ///< by epochs
};

/// The first epoch at which early stopping can end a run: `patience` epochs after the best value so far, when none is better.
/// Values are those of the monitored quantity, one an epoch; `least`: a small one is good. 0 for no values.
int64_t earliest_stop(std::span<const double> monitored, int64_t patience, bool least);

}  // namespace wattlayer
