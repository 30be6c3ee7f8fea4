#include "cli/amount.h"

#include "wattlayer/core/number_text.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

namespace wattlayer::cli {

CLI::Validator amount(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        if (const auto value = real_of(text); value && *value >= low && *value <= high) return "";
        if (high == std::numeric_limits<double>::max())
          return fmt::format("expected a number from {:g} on, found '{}'", low, text);
        return fmt::format("expected a number from {:g} to {:g}, found '{}'", low, high, text);
      },
      "");
}

}  // namespace wattlayer::cli
