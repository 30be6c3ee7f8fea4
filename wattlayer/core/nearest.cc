#include "wattlayer/core/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace wattlayer {
namespace {

/// Letters and digits in lower case: `RTX 4090` and `rtx-4090` mean the same.
std::string folded(std::string_view name) {
  std::string text;
  for (const unsigned char c : name)
    if (std::isalnum(c)) text += static_cast<char>(std::tolower(c));
  return text;
}

}  // namespace

size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  if (known.empty()) return "; none is known";
  if (known.size() <= 6) return fmt::format("; known: {}", fmt::join(known, ", "));
  const std::string meant = folded(name.substr(0, 200));
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& k : known) {
    const std::string candidate = folded(k);
    const bool inside = !meant.empty() && (candidate.find(meant) != candidate.npos || meant.find(candidate) != meant.npos);
    ranked.emplace_back(inside ? 0 : edits(meant, candidate), k);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> near;
  for (const auto& [distance, k] : ranked)
    if (near.size() < 3 || (near.size() < 6 && distance <= 2)) near.push_back(k);
  return fmt::format("; nearest of {}: {}", known.size(), fmt::join(near, ", "));
}

}  // namespace wattlayer
