#pragma once
#include <limits>
#include <memory>
#include <random>

#include "wattlayer/meter/counter.h"
#include "wattlayer/meter/meter.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {

/// How a fake sensor sees its device. Times count from the opening of the meter.
struct FakeScript {
  static constexpr double never = std::numeric_limits<double>::infinity();

  double refresh_s = 0.001;   ///< the reading changes that often
  double seen_s = never;      ///< of each refresh interval only the last seconds are looked at: 0.025 of 0.1 on A100 and H100
  double phase_s = 0;         ///< of the first refresh
  double step_j = 61.035e-6;  ///< quantisation
  double wrap_j = 0;          ///< the counter starts again there; 0: never
  double gain = 1;            ///< reading = gain x truth + offset
  double offset_w = 0;        ///< see gain
  double noise = 0;           ///< relative standard deviation of one refresh
  double seed = 1;            ///< of the noise
  double stuck_after_s = never;
  double resets_after_s = never;     ///< the counter starts at 0 again
  double backwards_after_s = never;  ///< the counter loses a tenth of its value
  double gone_after_s = never;
  double throttles_after_s = never;  ///< state() says so from then; the device's own drift makes it slower
  double temperature_c = std::numeric_limits<double>::quiet_NaN();
  bool integrated = false;  ///< a power sensor instead of a counter
};

/// The sensor: listens to the device, and keeps what a register would show. A stretch costs the same however long it is.
class FakeSensor {
 public:
  /// `idle`: what the device drew before.
  FakeSensor(const FakeScript& script, Seconds opened, Watts idle);
  /// Constant power for a while; scripted faults fall where they are due.
  void see(Seconds from, Seconds duration, Watts power);
  /// What the counter shows, before quantisation: energy up to the last refresh.
  Joules counted() const { return counted_; }
  /// What integrating the power that the sensor shows comes to: each average is shown one refresh late.
  Joules integrated(Seconds now) const;

 private:
  void pass(Seconds from, Seconds to, Watts power);
  void refresh(Watts average, double refreshes);
  Seconds seen_between(Seconds from, Seconds to) const;

  FakeScript script_;
  Seconds opened_;
  Seconds interval_, seen_;
  Seconds next_refresh_;
  Joules in_view_{0};
  Joules counted_{0};
  Joules shown_{0};
  Watts power_{0};
  bool reset_ = false, backwards_ = false;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
};

/// The meter of a simulated device. Not for several threads, as the device.
class FakeMeter final : public Meter {
 public:
  /// Throws Error(invalid_input) for a script that no sensor could follow. The device outlives the meter.
  FakeMeter(MeterInfo info, const FakeScript& script, SimulatedDevice& device);

  const MeterInfo& info() const override { return info_; }
  Joules read() override;
  DeviceState state() override;

 private:
  MeterInfo info_;
  FakeScript script_;
  SimulatedDevice& device_;
  Seconds opened_;
  std::shared_ptr<FakeSensor> sensor_;
  EnergyCounter counter_;
  double unit_;
  Seconds longest_stillness_;
};

}  // namespace wattlayer
