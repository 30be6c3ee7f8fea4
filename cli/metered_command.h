#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/units.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

struct MeterOptions;

/// A command whose energy the user wants to know, and where the figures go.
struct CommandOptions {
  std::string shell;                   ///< for /bin/sh -c
  std::vector<std::string> arguments;  ///< or a program with its arguments
  std::filesystem::path prometheus, codecarbon, output;
  std::filesystem::path epochs;  ///< a row for each line of the command's output that fits `epoch_pattern`
  std::string epoch_pattern;
  std::string carbon_intensity;  ///< a country or grams a kWh
  std::string project = "wattlayer";
  Seconds idle{2};  ///< at rest before the command
  bool json = false;
};

/// Adds --exec, --prom, --codecarbon, --carbon-intensity, --project, --epochs, --epoch-pattern.
void add_command_options(CLI::App& verb, CommandOptions& options);

/// Runs the command between two reads of the meters, hands signals on to it, reports on standard error, since standard output is
/// the command's. Returns the exit status of the command; 128 + the signal that ended it; 126 or 127 when it cannot be started.
int measure_command(const CommandOptions& options, const MeterOptions& meters, const DataFiles& files);

}  // namespace wattlayer::cli
