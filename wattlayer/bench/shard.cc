#include "wattlayer/bench/shard.h"

#include <fmt/format.h>

#include <charconv>

#include "wattlayer/core/error.h"

namespace wattlayer {

bool Shard::holds(std::string_view item_id) const {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, then mixed: its low bits alone are uneven for texts that differ at the end
  for (const char c : item_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  return (hash ^ (hash >> 33)) % count == number - 1;
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto [slash, first] = std::from_chars(text.data(), end, shard.number);
  const bool has_slash = first == std::errc() && slash != end && *slash == '/';
  const auto [rest, second] = std::from_chars(has_slash ? slash + 1 : end, end, shard.count);
  if (!has_slash || second != std::errc() || rest != end || shard.number < 1 || shard.number > shard.count)
    throw Error(ErrorKind::invalid_input,
                fmt::format("cannot read the shard '{}': expected NUMBER/COUNT from 1/COUNT to COUNT/COUNT, such as 2/8", text));
  return shard;
}

}  // namespace wattlayer
