#include "wattlayer/budget/budget.h"

#include <fmt/format.h>

#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

constexpr double joules_per_wh = 3600;

double joules_in(EnergyUnit unit) {
  switch (unit) {
    case EnergyUnit::j:
      return 1;
    case EnergyUnit::wh:
      return joules_per_wh;
    case EnergyUnit::kwh:
      return 1000 * joules_per_wh;
  }
  return 1;
}

std::string_view symbol(EnergyUnit unit) {
  static constexpr std::string_view symbols[] = {"J", "Wh", "kWh"};
  return symbols[static_cast<size_t>(unit)];
}

}  // namespace

double EnergyLimit::joules() const { return amount * joules_in(unit); }

std::string EnergyLimit::text() const {
  return fmt::format("{:g} {} per {}", amount, symbol(unit), per_batch ? "batch" : "inference");
}

double parse_increase(std::string_view text) {
  std::string_view number = text;
  if (number.ends_with('%')) {
    number.remove_suffix(1);
    while (number.ends_with(' ')) number.remove_suffix(1);
    if (const auto value = real_of(number); value && *value >= 0) return *value / 100;
  }
  throw Error(ErrorKind::invalid_input, fmt::format("max increase '{}': expected per cent from 0 on, such as 5%", text));
}

EnergyLimit energy_limit(double amount, EnergyUnit unit, bool per_batch, std::string_view field) {
  const EnergyLimit limit{amount, unit, per_batch};
  if (!(amount > 0) || !std::isfinite(limit.joules()))
    throw Error(ErrorKind::invalid_input, fmt::format("{} {:g}: expected a number above 0", field, amount));
  return limit;
}

void require_sensible(const Certainty& certainty) {
  if (!(certainty.confidence >= 0.5 && certainty.confidence <= 0.999))
    throw Error(ErrorKind::invalid_input, fmt::format("confidence {:g}: expected 0.5 to 0.999", certainty.confidence));
  if (!(certainty.min_coverage >= 0 && certainty.min_coverage <= 1))
    throw Error(ErrorKind::invalid_input, fmt::format("min coverage {:g}: expected 0 to 1", certainty.min_coverage));
}

}  // namespace wattlayer
