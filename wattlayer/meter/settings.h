#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "wattlayer/meter/meter_source.h"

namespace wattlayer {

/// A setting of the place as a number; nothing when it is not set. Throws Error(invalid_input) when it is no finite number.
std::optional<double> number_setting(const MeterPlace& place, const std::string& name);

/// The same for a number that must be positive.
std::optional<double> positive_setting(const MeterPlace& place, const std::string& name);

/// A setting as text, or `otherwise`.
std::string text_setting(const MeterPlace& place, const std::string& name, std::string_view otherwise = {});

/// The whole text as a finite number. `what` names it in the Error(invalid_input).
double parse_number(std::string_view text, std::string_view what);

}  // namespace wattlayer
