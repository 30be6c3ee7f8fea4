#include "wattlayer/meter/fake_sensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr double finest_step_j = 1e-9;  // stands for no quantisation

void require(bool fits, const char* rule) {
  if (!fits) throw Error(ErrorKind::invalid_input, fmt::format("the fake meter's script: expected {}", rule));
}

const FakeScript& checked(const FakeScript& s) {
  require(s.refresh_s > 0, "refresh_s over 0");
  require(s.seen_s > 0, "seen_s over 0");
  require(s.step_j >= 0 && s.wrap_j >= 0 && s.noise >= 0, "step_j, wrap_j and noise not under 0");
  require(s.gain > 0, "gain over 0");
  require(s.phase_s >= 0 && s.phase_s <= s.refresh_s, "phase_s from 0 to refresh_s");
  return s;
}

uint64_t range_of(const FakeScript& s, double unit) { return static_cast<uint64_t>(std::llround(s.wrap_j / unit)); }

/// A simulated device may draw anything; only a wrap needs a limit to be told from a reset.
EnergyCounter::Limits limits_of(const FakeScript& s) {
  if (s.wrap_j > 0) return {};
  return {.most = {1e300}, .slack = {1e300}};
}

}  // namespace

FakeSensor::FakeSensor(const FakeScript& script, Seconds opened, Watts idle)
    : script_(script),
      opened_(opened),
      interval_{script.refresh_s},
      seen_{std::min(script.seen_s, script.refresh_s)},
      next_refresh_(opened + Seconds{script.phase_s > 0 ? script.phase_s : script.refresh_s}),
      random_(static_cast<uint64_t>(script.seed)) {
  power_ = idle * script.gain + Watts{script.offset_w};
  in_view_ = idle * seen_between(next_refresh_ - interval_, opened);
}

Seconds FakeSensor::seen_between(Seconds from, Seconds to) const {
  return std::max(Seconds{0}, to - std::max(from, next_refresh_ - seen_));
}

void FakeSensor::refresh(Watts average, double refreshes) {
  const double noise = script_.noise > 0 ? 1 + script_.noise * normal_(random_) / std::sqrt(refreshes) : 1;
  const Watts reading = std::max(Watts{0}, average * script_.gain * noise + Watts{script_.offset_w});
  shown_ += power_ * interval_ + reading * interval_ * (refreshes - 1);
  counted_ += reading * interval_ * refreshes;
  power_ = reading;
}

void FakeSensor::pass(Seconds from, Seconds to, Watts power) {
  if (to >= next_refresh_) {
    in_view_ += power * seen_between(from, next_refresh_);
    refresh(in_view_ / seen_, 1);
    in_view_ = {0};
    from = next_refresh_;
    const double whole = std::floor((to - from) / interval_);
    if (whole > 0) {
      refresh(power, whole);
      from += interval_ * whole;
    }
    next_refresh_ = from + interval_;
  }
  in_view_ += power * seen_between(from, to);
}

void FakeSensor::see(Seconds from, Seconds duration, Watts power) {
  const Seconds stuck = opened_ + Seconds{script_.stuck_after_s};
  const Seconds to = std::min(from + duration, stuck);
  // Faults that fall into this stretch split it.
  std::array<std::pair<double, bool*>, 2> faults = {
      {{script_.resets_after_s, &reset_}, {script_.backwards_after_s, &backwards_}}};
  std::sort(faults.begin(), faults.end());
  for (const auto& [after, done] : faults) {
    const Seconds at = opened_ + Seconds{after};
    if (*done || at >= to) continue;
    if (at > from) pass(from, at, power);
    from = std::max(from, at);
    counted_ = done == &reset_ ? Joules{0} : counted_ * 0.9;
    *done = true;
  }
  if (from < to) pass(from, to, power);
}

Joules FakeSensor::integrated(Seconds now) const { return shown_ + power_ * (now - (next_refresh_ - interval_)); }

FakeMeter::FakeMeter(MeterInfo info, const FakeScript& script, SimulatedDevice& device)
    : info_(std::move(info)),
      script_(checked(script)),
      device_(device),
      opened_(device.now()),
      sensor_(std::make_shared<FakeSensor>(script_, opened_, device.idle())),
      counter_(std::max(script.step_j, finest_step_j), range_of(script, std::max(script.step_j, finest_step_j)),
               limits_of(script)),
      unit_(std::max(script.step_j, finest_step_j)) {
  const double step_time_s = device.idle().value > 0 ? 10 * unit_ / device.idle().value : FakeScript::never;
  longest_stillness_ = {std::max({1.0, 10 * script.refresh_s, step_time_s})};
  counter_.update(0, opened_);
  // The device may outlive the meter: it then tells nobody.
  device.on_stretch([sensor = std::weak_ptr(sensor_)](Seconds from, Seconds duration, Watts power) {
    if (const auto s = sensor.lock()) s->see(from, duration, power);
  });
}

Joules FakeMeter::read() {
  const Seconds now = device_.now();
  const double age = (now - opened_).value;
  if (age >= script_.gone_after_s)
    throw Error(ErrorKind::unavailable, fmt::format("{}: the counter is gone, as its script says", info_.name()));
  if (script_.integrated) return sensor_->integrated(now);
  auto raw = static_cast<uint64_t>(std::floor(sensor_->counted().value / unit_));
  if (const uint64_t range = range_of(script_, unit_)) raw %= range;
  try {
    const Joules energy = counter_.update(raw, now);
    counter_.require_movement(now, longest_stillness_);
    return energy;
  } catch (const Error& e) {
    throw e.within(info_.name());
  }
}

DeviceState FakeMeter::state() {
  DeviceState state;
  if (std::isfinite(script_.temperature_c)) state.temperature_c = script_.temperature_c;
  state.throttle.emplace();
  if ((device_.now() - opened_).value >= script_.throttles_after_s) state.throttle->emplace_back("thermal");
  return state;
}

}  // namespace wattlayer
