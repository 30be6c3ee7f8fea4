#pragma once
#include <optional>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// Energy under power samples: trapezoids between neighbours.
class PowerIntegral {
 public:
  /// Samples come in the order of time; one that is not later than the last replaces nothing and is left out.
  void add(Seconds at, Watts power);

  /// Since the first sample.
  Joules energy() const { return energy_; }
  std::optional<Seconds> last_at() const { return last_at_; }
  Watts last_power() const { return last_power_; }

 private:
  Joules energy_{0};
  std::optional<Seconds> last_at_;
  Watts last_power_{0};
};

}  // namespace wattlayer
