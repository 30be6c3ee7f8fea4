#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// A hardware counter that starts again at 0 after its largest value, as joules that only rise.
///
/// A step backwards is a wrap only where the energy it implies could have been used in the time since the last reading;
/// otherwise the counter was reset. A step forwards that could not have been used is a fault as well. Not for several threads.
class EnergyCounter {
 public:
  /// What one reading may imply.
  struct Limits {
    Watts most{2000};   ///< more than one domain can draw: what separates a wrap from a reset
    Joules slack{100};  ///< on top: what one refresh brings at once, and a reader that was held up
  };

  /// `range` is how far it counts before it starts again, in raw units; 0: it never does.
  EnergyCounter(double joules_per_unit, uint64_t range) : EnergyCounter(joules_per_unit, range, Limits{}) {}
  EnergyCounter(double joules_per_unit, uint64_t range, Limits limits)
      : joules_per_unit_(joules_per_unit), range_(range), limits_(limits) {}

  /// Takes a reading. Returns the energy since the first one. Throws Error(unavailable) without a name in front: the counter was
  /// reset, ran backwards or jumped; it throws that again at every later reading, because the energy in between is lost.
  Joules update(uint64_t raw, Seconds now);

  /// Throws Error(unavailable) when the last reading had not changed for longer than this: the counter stands still. A domain
  /// that may truly use nothing must not ask.
  void require_movement(Seconds now, Seconds longest_stillness);

  /// Longest time between two readings within which a wrap can still be told, at 1 kW: a reading later than that may have missed
  /// one. Absent where it never wraps.
  std::optional<Seconds> wrap_time() const;
  Joules total() const { return total_; }

 private:
  [[noreturn]] void fail(const std::string& why);

  double joules_per_unit_;
  uint64_t range_;
  Limits limits_;
  bool started_ = false;
  uint64_t raw_ = 0;
  Seconds read_at_{0};
  Seconds moved_at_{0};
  Joules total_{0};
  std::string fault_;
};

}  // namespace wattlayer
