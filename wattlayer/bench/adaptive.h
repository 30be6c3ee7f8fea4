#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/bench/campaign_items.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/store/store.h"

namespace wattlayer {

/// Which round of a data type comes next, and how many of its points are still missing.
struct AdaptiveRound {
  int64_t number = 1, missing = 0;
};

/// How far the adaptive rounds of each data type are. What is in the store counts, so a campaign that goes on later neither
/// repeats nor forgets a round.
class AdaptiveRounds {
 public:
  static AdaptiveRounds read(const Store& store, const Campaign& campaign, const std::string& engine,
                             const std::string& hardware);

  void count(const CampaignItem& item);
  /// Rounds whose turn it is: enough rows are measured, or nothing else is left to measure.
  std::map<DataType, AdaptiveRound> due(const Campaign& campaign, bool at_the_end) const;
  void begin(DataType dtype, int64_t round);

 private:
  struct State {
    int64_t rows = 0;                   ///< measured random layers
    std::map<int64_t, int64_t> points;  ///< of each round
    int64_t begun = 0;                  ///< last round that this run has proposed points for
  };
  std::map<DataType, State> states_;
};

/// New points of a round, near the layers that cross-validation predicts worst, one for each of as many as a round has points.
/// None when there are too few rows to cross-validate.
std::vector<CampaignItem> propose(const Campaign& campaign, const CampaignPlace& place, const std::vector<Measurement>& rows,
                                  DataType dtype, const AdaptiveRound& round);

/// |log(measured / predicted)| of each row, predicted by an energy model that was fitted without its block; NaN where there is
/// none. Energy where it was measured, else time.
std::vector<double> held_out_errors(std::span<const Measurement> rows, const Hardware& hardware, const Engine& engine);

}  // namespace wattlayer
