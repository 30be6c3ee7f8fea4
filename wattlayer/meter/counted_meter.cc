#include "wattlayer/meter/counted_meter.h"

#include "wattlayer/core/error.h"

namespace wattlayer {

CountedMeter::CountedMeter(MeterInfo info, Clock& clock, EnergyCounter counter, Seconds longest_stillness,
                           std::function<uint64_t()> raw, std::function<DeviceState()> state)
    : info_(std::move(info)),
      clock_(clock),
      counter_(std::move(counter)),
      longest_stillness_(longest_stillness),
      raw_(std::move(raw)),
      state_(std::move(state)) {
  take_reading();
}

Joules CountedMeter::take_reading() {
  try {
    const uint64_t raw = raw_();
    const Seconds now = clock_.now();
    const Joules energy = counter_.update(raw, now);
    counter_.require_movement(now, longest_stillness_);
    return energy;
  } catch (const Error& e) {
    throw e.within(info_.name());
  }
}

Joules CountedMeter::read() {
  const std::lock_guard lock(mutex_);
  return take_reading();
}

DeviceState CountedMeter::state() {
  const std::lock_guard lock(mutex_);
  return state_ ? state_() : DeviceState{};
}

}  // namespace wattlayer
