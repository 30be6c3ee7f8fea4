#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace wattlayer {

/// The number that a text is, as a whole and without spaces; nothing for any other text, for infinities and NaN.
std::optional<double> real_of(std::string_view text);

/// Likewise, of digits with or without a minus; nothing beyond 64 bits.
std::optional<int64_t> whole_of(std::string_view text);

}  // namespace wattlayer
