#include "cli/amount.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <string>

namespace wattlayer::cli {

CLI::Validator amount(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value >= low && value <= high)
          return "";
        if (high == std::numeric_limits<double>::max())
          return fmt::format("expected a number from {:g} on, found '{}'", low, text);
        return fmt::format("expected a number from {:g} to {:g}, found '{}'", low, high, text);
      },
      "");
}

}  // namespace wattlayer::cli
