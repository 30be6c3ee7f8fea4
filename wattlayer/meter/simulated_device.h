#pragma once
#include <functional>
#include <string>
#include <vector>

#include "wattlayer/core/clock.h"

namespace wattlayer {

/// A device that exists in simulated time only: it is the clock, and it knows how much energy it has truly used. The fake meter
/// reads it through a sensor's faults; the fake runner makes it work. Not for several threads.
class SimulatedDevice final : public Clock {
 public:
  explicit SimulatedDevice(Watts idle) : idle_(idle) {}

  Seconds now() override { return now_; }
  void sleep(Seconds duration) override { pass(duration, idle_); }
  std::string date() override;
  Seconds since_epoch() override;
  bool real() const override { return false; }

  /// Time passes at a power, idle included.
  void work(Seconds duration, Joules energy) { pass(duration, energy / duration); }
  /// Energy since the start, without any fault of a sensor.
  Joules energy() const { return energy_; }
  Watts idle() const { return idle_; }

  /// Called for each stretch of time with constant power, before the clock moves on: sensors that sample look at it here.
  void on_stretch(std::function<void(Seconds from, Seconds duration, Watts power)> listener);
  /// Multiplies the power at a time: thermal drift, throttling. None by default.
  void set_drift(std::function<double(Seconds at)> factor) { drift_ = std::move(factor); }

 private:
  void pass(Seconds duration, Watts power);

  Watts idle_;
  Seconds now_{0};
  Joules energy_{0};
  std::function<double(Seconds)> drift_;
  std::vector<std::function<void(Seconds, Seconds, Watts)>> listeners_;
};

}  // namespace wattlayer
