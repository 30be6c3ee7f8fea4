#pragma once
#include <algorithm>
#include <optional>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// How long a meter was not read within the windows of a measurement; what lies between windows counts nowhere.
class ReadingGaps {
 public:
  /// A window starts with this reading.
  void start(Seconds now) { last_ = now, pending_ = {0}; }
  /// A reading in between; it counts once a reading ends the window.
  void poll(Seconds now) {
    if (last_) pending_ = std::max(pending_, now - *last_);
    last_ = now;
  }
  void end(Seconds now) {
    poll(now);
    longest_ = std::max(longest_, pending_);
    pending_ = {0};
  }
  Seconds longest() const { return longest_; }

 private:
  std::optional<Seconds> last_;
  Seconds pending_{0}, longest_{0};
};

}  // namespace wattlayer
