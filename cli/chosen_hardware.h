#pragma once
#include <filesystem>
#include <string>

#include "cli/program.h"
#include "cli/runner.h"

namespace wattlayer::cli {

/// The hardware that measured rows are filed under: its id and its description.
struct ChosenHardware {
  std::string id, json;
};

/// A description file of the user's own; its id is the file's name. Throws Error(invalid_input) naming file and field.
ChosenHardware hardware_of_file(const std::filesystem::path& file);

/// The named one (an id, or a description file that ends in .json); else `simulated` for the fake runner, else `otherwise`, else
/// this machine's processor as the system below `root` describes it. Throws Error(invalid_input) for an unknown id, or when a
/// device other than the processor has no name.
ChosenHardware choose_hardware(const std::string& named, const std::string& otherwise, const RunnerOptions& runner,
                               const std::filesystem::path& root, const DataFiles& files);

}  // namespace wattlayer::cli
