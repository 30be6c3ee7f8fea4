#pragma once
#include <string>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// Where time comes from. Whatever waits or times takes one as an argument, so that tests and simulations need no real time.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Since an arbitrary start; never goes backwards, also when the machine's date is set.
  virtual Seconds now() = 0;
  virtual void sleep(Seconds duration) = 0;
  /// Date and time in UTC, ISO 8601: `2026-11-21T08:37:18Z`.
  virtual std::string date() = 0;
  /// Seconds since 1970 in UTC: what external power logs are written in.
  virtual Seconds since_epoch() = 0;
  /// False where time only passes by sleep() and simulated work: then nothing may wait in a thread of its own.
  virtual bool real() const { return true; }
};

/// The machine's monotonic clock.
class SystemClock final : public Clock {
 public:
  Seconds now() override;
  void sleep(Seconds duration) override;
  std::string date() override;
  Seconds since_epoch() override;
};

}  // namespace wattlayer
