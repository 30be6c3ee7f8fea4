#include "cli/network_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "wattlayer/core/number_text.h"

namespace wattlayer::cli {
namespace {

int64_t positive_integer(std::string_view text, std::string_view option) {
  const std::optional<int64_t> value = whole_of(text);
  if (!value || *value < 1)
    throw CLI::ValidationError(std::string(option), fmt::format("expected a positive whole number, found '{}'", text));
  return *value;
}

Shape shape_of(std::string_view text, std::string_view option) {
  Shape shape;
  if (text == "scalar") return shape;
  while (true) {
    const size_t x = text.find('x');
    shape.push_back(positive_integer(text.substr(0, x), option));
    if (x == text.npos) return shape;
    text.remove_prefix(x + 1);
  }
}

/// Splits `name=value` at the last `=`: names of tensors may hold one.
std::pair<std::string, std::string_view> named(const std::string& text, const char* option, const char* example) {
  const size_t at = text.rfind('=');
  if (at == text.npos || at == 0) throw CLI::ValidationError(option, fmt::format("expected {}, found '{}'", example, text));
  return {text.substr(0, at), std::string_view(text).substr(at + 1)};
}

}  // namespace

ImportOptions NetworkOptions::import_options(std::optional<int64_t> batch) const {
  ImportOptions result;
  result.batch = batch;
  result.trip_count = trip_count;
  for (const std::string& text : inputs) {
    const auto [name, value] = named(text, "--input", "NAME=1x3x224x224");
    result.inputs[name] = shape_of(value, "--input");
  }
  for (const std::string& text : dimensions) {
    const auto [name, value] = named(text, "--dim", "NAME=128");
    result.dimensions[name] = positive_integer(value, "--dim");
  }
  return result;
}

void add_network_options(CLI::App& verb, NetworkOptions& options) {
  verb.add_option("--input", options.inputs, "shape of an input, NAME=1x3x224x224; may be repeated")
      ->type_name("NAME=SHAPE")
      ->allow_extra_args(false);
  verb.add_option("--dim", options.dimensions, "value of a symbolic dimension, NAME=128; may be repeated")
      ->type_name("NAME=N")
      ->allow_extra_args(false);
  verb.add_option("--trip-count", options.trip_count, "passes through loops whose number the network does not say (1)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40).description(""));
}

}  // namespace wattlayer::cli
