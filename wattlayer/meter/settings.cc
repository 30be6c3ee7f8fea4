#include "wattlayer/meter/settings.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {

double parse_number(std::string_view text, std::string_view what) {
  if (const auto value = real_of(text)) return *value;
  throw Error(ErrorKind::invalid_input, fmt::format("{}: expected a number, found '{}'", what, text.substr(0, 100)));
}

std::optional<double> number_setting(const MeterPlace& place, const std::string& name) {
  const auto setting = place.settings.find(name);
  if (setting == place.settings.end()) return {};
  return parse_number(setting->second, "meter setting " + name);
}

std::optional<double> positive_setting(const MeterPlace& place, const std::string& name) {
  const std::optional<double> value = number_setting(place, name);
  if (value && *value <= 0)
    throw Error(ErrorKind::invalid_input, fmt::format("meter setting {}: expected a positive number, found {}", name, *value));
  return value;
}

std::string text_setting(const MeterPlace& place, const std::string& name, std::string_view otherwise) {
  const auto setting = place.settings.find(name);
  return setting == place.settings.end() ? std::string(otherwise) : setting->second;
}

}  // namespace wattlayer
