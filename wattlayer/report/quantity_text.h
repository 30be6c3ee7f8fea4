#pragma once
#include <string>
#include <string_view>

namespace wattlayer {

/// A figure with an SI prefix and three or four digits: `4.11 GMACs`, `18.2 mJ`, `0 J`.
std::string quantity(double value, std::string_view unit);

/// Value and interval under one prefix: `18.2 mJ [16.9, 19.7]`.
std::string quantity_interval(double value, double low, double high, std::string_view unit);

/// Bytes in binary units: `19.25 MiB`.
std::string binary_bytes(double bytes);

/// `61.3 %`; `<0.1 %` for a small share that is not nothing.
std::string percent(double share);

/// A count: `3`, `1,024`, `2.5`.
std::string count_text(double count);

/// A bar of at most `width` characters in eighths.
std::string bar(double share, int width);

}  // namespace wattlayer
