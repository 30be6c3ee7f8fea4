#include "wattlayer/report/quantity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace wattlayer {
namespace {

constexpr std::array<std::string_view, 15> prefixes = {"a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr int unit_place = 6;

/// Power of 1000 under which a value shows one to three digits before the point.
int thousands(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  int place = static_cast<int>(std::floor(std::log10(std::abs(value)) / 3));
  // 999.96 would show as 1000.
  if (std::abs(value) / std::pow(1000.0, place) >= 999.5) ++place;
  return std::clamp(place, -unit_place, static_cast<int>(prefixes.size()) - 1 - unit_place);
}

std::string digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2);
}

}  // namespace

std::string quantity(double value, std::string_view unit) {
  if (!std::isfinite(value)) return fmt::format("{} {}", value, unit);
  const int place = thousands(value);
  return fmt::format("{} {}{}", digits(value / std::pow(1000.0, place)), prefixes[static_cast<size_t>(place + unit_place)], unit);
}

std::string quantity_interval(double value, double low, double high, std::string_view unit) {
  const double scale = std::pow(1000.0, thousands(value));
  return fmt::format("{} [{}, {}]", quantity(value, unit), digits(low / scale), digits(high / scale));
}

std::string binary_bytes(double bytes) {
  static constexpr std::array<std::string_view, 7> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t place = 0;
  while (std::abs(bytes) >= 1024 && place + 1 < units.size()) bytes /= 1024, ++place;
  return fmt::format("{:.4g} {}", bytes, units[place]);
}

std::string percent(double share) {
  if (share > 0 && share < 0.0005) return "<0.1 %";
  return fmt::format("{:.1f} %", share * 100);
}

std::string count_text(double count) {
  if (count != std::floor(count) || std::abs(count) >= 1e15) return fmt::format("{:g}", count);
  std::string text = fmt::format("{:.0f}", count);
  for (int at = static_cast<int>(text.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::string bar(double share, int width) {
  static constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(share > 0)) return "";
  const int filled = static_cast<int>(std::lround(std::min(share, 1.0) * width * 8));
  std::string result;
  for (int i = 0; i < filled / 8; ++i) result += "█";
  return result + std::string(eighths[static_cast<size_t>(filled % 8)]);
}

}  // namespace wattlayer
