#include "wattlayer/meter/counter.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr Watts power_of_a_busy_socket{1000};

}  // namespace

void EnergyCounter::fail(const std::string& why) {
  fault_ = why;
  throw Error(ErrorKind::unavailable, fault_);
}

Joules EnergyCounter::update(uint64_t raw, Seconds now) {
  if (!fault_.empty()) throw Error(ErrorKind::unavailable, fault_);
  if (!started_) {
    started_ = true;
    raw_ = raw;
    read_at_ = now;
    moved_at_ = now;
    return total_;
  }
  const Seconds elapsed{std::max(0.0, (now - read_at_).value)};
  const Joules possible = limits_.most * Seconds{std::max(0.0, (now - moved_at_).value)} + limits_.slack;
  const auto joules = [this](uint64_t units) { return Joules{static_cast<double>(units) * joules_per_unit_}; };
  Joules step = joules(raw - raw_);
  if (raw < raw_) {
    if (range_ == 0 || raw_ > range_)
      fail(fmt::format("the counter ran backwards, from {:.3f} J to {:.3f} J: it was reset; measure again", joules(raw_).value,
                       joules(raw).value));
    step = joules(range_ - raw_ + raw);
  }
  if (step > possible)
    fail(
        fmt::format("the counter went from {:.3f} J to {:.3f} J in {:.3g} s, which is neither use nor a wrap: it was reset; "
                    "measure again",
                    joules(raw_).value, joules(raw).value, elapsed.value));
  if (raw != raw_) moved_at_ = now;
  raw_ = raw;
  read_at_ = now;
  total_ += step;
  return total_;
}

void EnergyCounter::require_movement(Seconds now, Seconds longest_stillness) {
  const Seconds stood = now - moved_at_;
  if (started_ && stood > longest_stillness)
    fail(fmt::format("the counter has stood still for {:.3g} s, so it does not count; measure again, or use another meter",
                     stood.value));
}

std::optional<Seconds> EnergyCounter::wrap_time() const {
  if (range_ == 0) return {};
  return Joules{static_cast<double>(range_) * joules_per_unit_} / power_of_a_busy_socket;
}

}  // namespace wattlayer
