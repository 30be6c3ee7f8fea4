#include "wattlayer/training/butter_rows.h"

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

}  // namespace wattlayer
