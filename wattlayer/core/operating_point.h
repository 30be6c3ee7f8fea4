#pragma once
#include <map>
#include <optional>
#include <string>

#include "wattlayer/core/hardware.h"

namespace wattlayer {

/// How a device ran, against what its data sheet states.
struct OperatingPoint {
  double clock = 1;                     ///< clock of the compute units over Hardware::clock_hz
  double dynamic = 1;                   ///< energy of an operation over that at clock_hz: the square of the supply voltage
  double idle = 1;                      ///< static power over that at clock_hz
  std::optional<double> power_limit_w;  ///< nothing: the board's habit

  bool operator==(const OperatingPoint&) const = default;
};

/// From the conditions `clock_mhz` and `power_limit_w` of a measurement or an estimate. Throws Error(invalid_input) for texts
/// that are no positive number, and for a clock where the hardware states none to compare it with.
OperatingPoint operating_point(const Hardware& hardware, const std::map<std::string, std::string>& conditions);

}  // namespace wattlayer
