#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace wattlayer {

/// One of several tasks that share a campaign: task `number` (from 1) of `count`.
struct Shard {
  uint64_t number = 1, count = 1;

  /// Items fall to shards by a hash of their id, so every task finds its own without asking the others.
  bool holds(std::string_view item_id) const;
};

/// Reads `2/8`. Throws Error(invalid_input).
Shard parse_shard(const std::string& text);

}  // namespace wattlayer
