#include "wattlayer/meter/sampled_meter.h"

#include <fmt/format.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {

SampledMeter::SampledMeter(MeterInfo info, Clock& clock, std::function<Watts()> sample, std::function<DeviceState()> state)
    : info_(std::move(info)), clock_(clock), sample_(std::move(sample)), state_(std::move(state)) {
  take_sample();
}

/// Keeps the first fault: what was used while the sensor was away is lost, so no later sample makes up for it.
void SampledMeter::take_sample() {
  if (!fault_.empty()) return;
  try {
    const Watts power = sample_();
    if (!std::isfinite(power.value) || power.value < 0)
      throw Error(ErrorKind::unavailable, fmt::format("the sensor reports {} W", power.value));
    integral_.add(clock_.now(), power);
  } catch (const Error& e) {
    fault_ = fmt::format("{}: {}", info_.name(), e.what());
  }
}

Joules SampledMeter::read() {
  const std::lock_guard lock(mutex_);
  take_sample();
  gaps_.end(clock_.now());
  return energy();
}

Joules SampledMeter::read_start() {
  const std::lock_guard lock(mutex_);
  take_sample();
  gaps_.start(clock_.now());
  return energy();
}

Joules SampledMeter::energy() const {
  if (!fault_.empty()) throw Error(ErrorKind::unavailable, fault_);
  return integral_.energy();
}

void SampledMeter::begin() {
  const std::lock_guard lock(mutex_);
  gaps_ = {};
}

void SampledMeter::poll() {
  const std::lock_guard lock(mutex_);
  take_sample();
  gaps_.poll(clock_.now());
}

DeviceState SampledMeter::state() {
  const std::lock_guard lock(mutex_);
  return state_ ? state_() : DeviceState{};
}

std::vector<std::string> SampledMeter::remarks() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all = info_.remarks;
  const Seconds gap = gaps_.longest();
  if (info_.poll_interval && gap > *info_.poll_interval * 10)
    all.push_back(
        fmt::format("up to {:.3g} s lay between two power samples instead of {:.3g} s", gap.value, info_.poll_interval->value));
  return all;
}

}  // namespace wattlayer
