#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// Levenshtein distance.
size_t edits(std::string_view a, std::string_view b);

/// `; nearest: a, b`: known names near a mistyped one, or all of them when few.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace wattlayer
