#pragma once
#include <algorithm>
#include <cstdint>

namespace wattlayer {

/// A multiple of 8 near the value, at most 10 % below it: how MobileNets and EfficientNets scale their channels.
inline int64_t round_channels(double value) {
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(value + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * value ? rounded + 8 : rounded;
}

}  // namespace wattlayer
