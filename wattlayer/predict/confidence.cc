#include "wattlayer/predict/confidence.h"

#include <cmath>
#include <string>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr double calibrated_level = 0.9;
constexpr double normal_at_ninety = 1.6448536269514722;  // two-sided 90 % of the standard normal distribution

double normal_above(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

/// Two-sided quantile of the standard normal distribution, by bisection.
double normal_quantile(double level) {
  double low = 0, high = 10;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (1 - 2 * normal_above(middle) < level ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// Chance of an error above `x` half widths of the 90 % interval.
double tail(double x) {
  if (x < 0) return 1 - tail(-x);
  return x <= 1 ? normal_above(x * normal_at_ninety) : 0.5 * std::pow(1 - calibrated_level, x);
}

}  // namespace

double width_at(double level) {
  if (!(level >= 0.5 && level <= 0.999))
    throw Error(ErrorKind::invalid_input, "confidence " + std::to_string(level) + ": expected 0.5 to 0.999");
  if (level <= calibrated_level) return normal_quantile(level) / normal_at_ninety;
  return std::log(1 - level) / std::log(1 - calibrated_level);
}

Interval at_level(const Interval& ninety, double level) {
  if (!(ninety.value > 0 && ninety.low > 0)) return ninety;
  const double factor = width_at(level);
  return {ninety.value, ninety.value * std::pow(ninety.low / ninety.value, factor),
          ninety.value * std::pow(ninety.high / ninety.value, factor)};
}

double chance_above(const Interval& ninety, double limit) {
  if (!(ninety.value > 0)) return ninety.value > limit ? 1 : 0;
  const double distance = std::log(limit / ninety.value);
  const double width = distance >= 0 ? std::log(ninety.high / ninety.value) : std::log(ninety.value / ninety.low);
  if (!(width > 0)) return distance < 0 ? 1 : 0;
  return tail(distance / width);
}

}  // namespace wattlayer
