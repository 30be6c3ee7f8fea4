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

/// The named one; else `simulated` for the fake runner, else `otherwise`, else this machine's processor as the system below
/// `root` describes it. Throws Error(invalid_input) for an unknown id, or when a device other than the processor has no name.
ChosenHardware choose_hardware(const std::string& named, const std::string& otherwise, const RunnerOptions& runner,
                               const std::filesystem::path& root, const DataFiles& files);

}  // namespace wattlayer::cli
