#include "wattlayer/meter/simulated_device.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace wattlayer {
namespace {

constexpr double epoch_at_start = 1767225600;  // 2026-01-01T00:00:00Z

}  // namespace

std::string SimulatedDevice::date() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(since_epoch().value)));
}

Seconds SimulatedDevice::since_epoch() { return {epoch_at_start + now_.value}; }

void SimulatedDevice::on_stretch(std::function<void(Seconds, Seconds, Watts)> listener) {
  listeners_.push_back(std::move(listener));
}

void SimulatedDevice::pass(Seconds duration, Watts power) {
  if (!(duration.value > 0)) return;
  if (drift_) power = power * drift_(now_);
  for (const auto& listener : listeners_) listener(now_, duration, power);
  energy_ += power * duration;
  now_ += duration;
}

}  // namespace wattlayer
