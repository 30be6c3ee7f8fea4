#pragma once
#include <functional>
#include <mutex>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/counter.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// One counter that somebody else keeps from wrapping, as a meter.
class CountedMeter final : public Meter {
 public:
  /// `raw` reads the counter; it throws Error(unavailable) when it cannot. `state` may be empty.
  CountedMeter(MeterInfo info, Clock& clock, EnergyCounter counter, Seconds longest_stillness, std::function<uint64_t()> raw,
               std::function<DeviceState()> state = {});

  const MeterInfo& info() const override { return info_; }
  Joules read() override;
  DeviceState state() override;

 private:
  Joules take_reading();

  MeterInfo info_;
  Clock& clock_;
  EnergyCounter counter_;
  Seconds longest_stillness_;
  std::function<uint64_t()> raw_;
  std::function<DeviceState()> state_;
  std::mutex mutex_;
};

}  // namespace wattlayer
