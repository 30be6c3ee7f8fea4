#include "wattlayer/training/butter_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {

std::optional<MlpTraining> mlp_training(const std::map<std::string, std::string>& conditions) {
  std::string text;
  const auto take = [&](const char* name) {
    const auto at = conditions.find(name);
    if (at == conditions.end() || at->second.empty()) return false;
    text += std::string(text.empty() ? "" : " ") + name + "=" + at->second;
    return true;
  };
  if (!take("features") || !take("batch") || !take("samples") || !take("epochs")) return std::nullopt;
  if (!take("widths") && !(take("outputs") && take("shape") && take("size") && take("depth"))) return std::nullopt;
  return parse_mlp_training(text);
}

double passes_of_row(const std::map<std::string, std::string>& conditions) {
  const auto at = conditions.find("passes");
  if (at == conditions.end()) return 1;
  double passes = 0;
  const char* last = at->second.data() + at->second.size();
  const auto [end, status] = std::from_chars(at->second.data(), last, passes);
  if (status != std::errc() || end != last || !(passes > 0) || !std::isfinite(passes))
    throw Error(ErrorKind::invalid_input, fmt::format("passes: expected a number above 0, found '{}'", at->second));
  return passes;
}

}  // namespace wattlayer
