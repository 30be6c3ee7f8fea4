#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {

/// Output i of a layer in text form: `1x64`, `i64:[1,2]@scalar`, `?` when unknown, with `~` in front when it is a bound.
inline std::string inferred(std::string_view text, size_t i = 0) {
  const Tensor out = parse_layer(text).output(i);
  if (!out.known) return "?";
  std::string shape = out.shape.empty() ? "scalar" : fmt::format("{}", fmt::join(out.shape, "x"));
  if (!out.value) return (out.bounded ? "~" : "") + shape;
  const Value& v = *out.value;
  const std::string list =
      v.is_real ? fmt::format("[{}]", fmt::join(v.reals, ",")) : fmt::format("[{}]", fmt::join(v.integers, ","));
  return out.rank() == 1 ? list : list + "@" + shape;
}

}  // namespace wattlayer
