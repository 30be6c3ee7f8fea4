#include "cli/runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "cli/amount.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

constexpr std::string_view prefix = "wattlayer-runner-";

/// Beside this program first, then the PATH.
std::vector<std::filesystem::path> runner_folders() {
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  if (const auto self = std::filesystem::read_symlink("/proc/self/exe", none); !none) folders.push_back(self.parent_path());
  const char* path = std::getenv("PATH");
  std::istringstream parts(path ? path : "");
  for (std::string part; std::getline(parts, part, ':');)
    if (!part.empty()) folders.emplace_back(part);
  return folders;
}

std::vector<std::string> installed_runners() {
  std::vector<std::string> names = {"fake"};
  std::error_code none;
  for (const auto& folder : runner_folders())
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      const std::string file = entry.path().filename().string();
      if (file.starts_with(prefix) && ::access(entry.path().c_str(), X_OK) == 0) names.push_back(file.substr(prefix.size()));
    }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string program_of(const std::string& name) {
  if (name.find('/') != name.npos) return name;
  for (const auto& folder : runner_folders()) {
    const auto file = folder / fmt::format("{}{}", prefix, name);
    if (::access(file.c_str(), X_OK) == 0) return file.string();
  }
  throw Error(ErrorKind::unavailable,
              fmt::format("there is no runner '{}': expected the program {}{} beside wattlayer or in the PATH; found: {}; "
                          "runners/torch/README.md says how to build one",
                          name, prefix, name, fmt::join(installed_runners(), ", ")));
}

}  // namespace

bool RunnerOptions::simulated() const {
  return name == "fake" && std::find(settings.begin(), settings.end(), "real-time") == settings.end();
}

Preparation RunnerOptions::preparation(DataType dtype) const {
  return {.dtype = dtype, .device = device, .warm_cache = warm_cache, .seed = seed, .threads = threads};
}

void add_runner_options(CLI::App& verb, RunnerOptions& options) {
  verb.add_option("--runner", options.name, "what executes: torch, fake (simulated), another wattlayer-runner-NAME, or a path")
      ->type_name("NAME");
  verb.add_option("--runner-option", options.settings, "an option of the runner's own, NAME or NAME=VALUE; may be repeated")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  verb.add_option("--device", options.device, "device of the runner: cpu (default), cuda:0, ...");
  verb.add_option("--threads", options.threads, "threads of the engine; 0 leaves its habit")
      ->type_name("N")
      ->check(amount(0, 4096));
  verb.add_flag("--warm-cache", options.warm_cache, "reuse the same buffers; else inputs and weights come from memory");
  verb.add_option("--seed", options.seed, "of the random inputs and weights (0)")->type_name("N");
  verb.add_option("--runner-timeout", options.answer_within_s, "seconds without an answer after which a runner is killed (300)")
      ->type_name("S")
      ->check(amount(0.001, 1e6));
}

RunnerCommand find_runner(const RunnerOptions& options) {
  RunnerCommand command{.name = options.name, .answer_within = {options.answer_within_s}};
  if (options.name == "fake") {
    command.arguments = {std::filesystem::read_symlink("/proc/self/exe").string(), "fake-runner"};
  } else {
    command.arguments = {program_of(options.name)};
  }
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    command.arguments.push_back("--" + setting.substr(0, equals));
    if (equals != setting.npos) command.arguments.push_back(setting.substr(equals + 1));
  }
  return command;
}

RunnerFactory runner_factory(const RunnerOptions& options, SimulatedDevice* simulated, std::function<bool()> cancelled) {
  RunnerCommand command = find_runner(options);
  command.device = simulated;
  command.cancelled = std::move(cancelled);
  return [command, device = options.device] {
    std::unique_ptr<Runner> runner = start_runner(command);
    std::vector<std::string> devices;
    for (const RunnerDevice& d : runner->info().devices) devices.push_back(d.id);
    if (std::find(devices.begin(), devices.end(), device) == devices.end())
      throw Error(ErrorKind::unavailable,
                  fmt::format("runner {} has no device {}; it has: {}", command.name, device, fmt::join(devices, ", ")));
    return runner;
  };
}

}  // namespace wattlayer::cli
