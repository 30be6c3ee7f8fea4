#pragma once
#include <memory>
#include <span>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Calls poll() of meters as often as each asks, in one thread, from construction to destruction. No thread where no meter asks
/// for it or the clock is simulated (SimulatedDevice tells its listeners itself).
class Poller {
 public:
  /// The meters and the clock outlive the poller.
  Poller(std::span<Meter* const> meters, Clock& clock);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace wattlayer
