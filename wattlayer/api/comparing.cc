#include "wattlayer/api/comparing.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {

PairedErrors paired_errors(const DataFiles& files) {
  constexpr std::string_view folder = "energy_models", file = "paired-errors.json";
  const auto text = files.read(folder, file);
  return text ? PairedErrors::parse(*text, fmt::format("{}/{}", folder, file)) : PairedErrors();
}

std::map<std::string, double> parse_accuracies(const std::vector<std::string>& texts) {
  std::map<std::string, double> accuracies;
  for (const std::string& text : texts) {
    // A generated network has `=` in its name: net:mlp?width=8=71.9.
    const size_t equals = text.rfind('=');
    const auto value = equals == text.npos || equals == 0 ? std::nullopt : real_of(std::string_view(text).substr(equals + 1));
    if (!value || *value < 0)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("expected NETWORK=ACCURACY with a number from 0 on, such as a.onnx=76.1, found '{}'", text));
    if (!accuracies.emplace(text.substr(0, equals), *value).second)
      throw Error(ErrorKind::invalid_input, fmt::format("{} has two accuracies; give one", text.substr(0, equals)));
  }
  return accuracies;
}

}  // namespace wattlayer
