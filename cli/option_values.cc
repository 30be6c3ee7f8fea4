#include "cli/option_values.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

namespace wattlayer::cli {
namespace {

constexpr auto outputs = {"--output", "--html", "--junit"};

bool is_output(const CLI::Option& option) {
  return std::any_of(outputs.begin(), outputs.end(), [&](const char* name) { return option.check_name(name); });
}

/// Where a file lies or would; empty for what is no file of a disk, such as /dev/null.
std::filesystem::path place(const std::string& text) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::weakly_canonical(text, error);
  if (error) return {};
  return std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error) ? std::filesystem::path() : path;
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  const std::filesystem::path at = place(a);
  return !at.empty() && (at == place(b) || std::filesystem::equivalent(a, b, error));
}

void require_sound_values_of(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& text : option->results())
      if (text.empty()) throw CLI::ValidationError(option->get_name(), "is empty; give a value or leave the option out");
    if (!is_output(*option) || option->empty()) continue;
    const std::string& file = option->results().front();
    for (const CLI::Option* other : verb.get_options()) {
      if (other == option || other->get_expected_max() == 0) continue;
      for (const std::string& text : other->results())
        if (same_file(file, text))
          throw CLI::ValidationError(
              option->get_name(),
              fmt::format("{} is the file of {} as well, which would be lost; name another file", file, other->get_name()));
    }
  }
}

}  // namespace

void require_sound_values(const CLI::App& app) {
  for (const CLI::App* verb : app.get_subcommands()) {
    if (verb->get_name() == "complete") continue;  // its words are a command line that is still being written
    require_sound_values_of(*verb);
    require_sound_values(*verb);
  }
}

}  // namespace wattlayer::cli
