#pragma once
#include <functional>
#include <mutex>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/meter.h"
#include "wattlayer/meter/power_integral.h"
#include "wattlayer/meter/reading_gaps.h"

namespace wattlayer {

/// A power sensor as an energy meter: poll() and read() sample it, trapezoids lie between the samples, so the edges of a window
/// are samples themselves.
class SampledMeter final : public Meter {
 public:
  /// `sample` reads the sensor; it throws Error(unavailable) when it cannot. `info.poll_interval` must be set. `state` may be
  /// empty.
  SampledMeter(MeterInfo info, Clock& clock, std::function<Watts()> sample, std::function<DeviceState()> state = {});

  const MeterInfo& info() const override { return info_; }
  Joules read() override;
  Joules read_start() override;
  void begin() override;
  void poll() override;
  DeviceState state() override;
  std::vector<std::string> remarks() override;

 private:
  void take_sample();
  Joules energy() const;

  MeterInfo info_;
  Clock& clock_;
  std::function<Watts()> sample_;
  std::function<DeviceState()> state_;
  std::mutex mutex_;
  PowerIntegral integral_;
  ReadingGaps gaps_;
  std::string fault_;
};

}  // namespace wattlayer
