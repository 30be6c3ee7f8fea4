#include "wattlayer/meter/simulated_device.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr double start_of_time = 1767225600;      // 2026-01-01T00:00:00Z
constexpr double longest_step_under_drift = 0.1;  // s: drift is slow, one factor is exact enough for that long

}  // namespace

std::string SimulatedDevice::date() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(since_epoch().value)));
}

Seconds SimulatedDevice::since_epoch() { return {start_of_time + now_.value}; }

void SimulatedDevice::on_stretch(std::function<void(Seconds, Seconds, Watts)> listener) {
  listeners_.push_back(std::move(listener));
}

void SimulatedDevice::pass(Seconds duration, Watts power) {
  if (!(duration.value >= 0) || !std::isfinite(duration.value) || (duration.value > 0 && !std::isfinite(power.value)))
    throw Error(ErrorKind::internal, fmt::format("simulated time cannot pass for {} s at {} W", duration.value, power.value));
  double left = duration.value;
  while (left > 0) {
    const double step = drift_ ? std::min(left, longest_step_under_drift) : left;
    const Watts now_power = drift_ ? power * drift_(now_) : power;
    for (const auto& listener : listeners_) listener(now_, {step}, now_power);
    now_ += {step};
    energy_ += now_power * Seconds{step};
    left -= step;
  }
}

}  // namespace wattlayer
