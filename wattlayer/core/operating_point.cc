#include "wattlayer/core/operating_point.h"

#include <fmt/format.h>

#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

std::optional<double> positive(const std::map<std::string, std::string>& conditions, const char* name) {
  const auto at = conditions.find(name);
  if (at == conditions.end()) return std::nullopt;
  const std::optional<double> value = real_of(at->second);
  if (!value || *value <= 0)
    throw Error(ErrorKind::invalid_input, fmt::format("condition {} is '{}'; expected a number above 0", name, at->second));
  return value;
}

/// Without a table of the device: voltage falls to some 0.7 of its largest value at half the clock and stays there.
double typical_voltage(double clock) { return std::max(0.7, 0.4 + 0.6 * clock); }

}  // namespace

OperatingPoint operating_point(const Hardware& hardware, const std::map<std::string, std::string>& conditions) {
  OperatingPoint point;
  point.power_limit_w = positive(conditions, "power_limit_w");
  if (const auto mhz = positive(conditions, "clock_mhz")) {
    if (!hardware.clock_hz)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("a clock is given but hardware/{}.json states none to compare it with; add clock_hz", hardware.id));
    const double hz = *mhz * 1e6;
    point.clock = hz / *hardware.clock_hz;
    point.dynamic = std::pow(hardware.relative_voltage(hz).value_or(typical_voltage(point.clock)), 2);
    if (!hardware.idle_w_by_clock_mhz.empty()) point.idle = *hardware.idle_w_at(hz) / *hardware.idle_w_at(*hardware.clock_hz);
  }
  return point;
}

}  // namespace wattlayer
