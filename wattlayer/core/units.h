#pragma once
#include <compare>

namespace wattlayer {

/// A physical quantity held in its SI unit; only meaningful combinations compile.
template <class Unit>
struct Quantity {
  double value = 0;

  constexpr auto operator<=>(const Quantity&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 here
  constexpr Quantity operator+(Quantity other) const { return {value + other.value}; }
  constexpr Quantity operator-(Quantity other) const { return {value - other.value}; }
  constexpr Quantity operator*(double factor) const { return {value * factor}; }
  constexpr Quantity operator/(double divisor) const { return {value / divisor}; }
  constexpr double operator/(Quantity other) const { return value / other.value; }
  constexpr Quantity& operator+=(Quantity other) { return value += other.value, *this; }
};

using Joules = Quantity<struct JouleUnit>;
using Seconds = Quantity<struct SecondUnit>;
using Watts = Quantity<struct WattUnit>;

constexpr Joules operator*(Watts power, Seconds time) { return {power.value * time.value}; }
constexpr Joules operator*(Seconds time, Watts power) { return power * time; }
constexpr Watts operator/(Joules energy, Seconds time) { return {energy.value / time.value}; }
constexpr Seconds operator/(Joules energy, Watts power) { return {energy.value / power.value}; }

}  // namespace wattlayer
