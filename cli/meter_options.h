#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "wattlayer/meter/meter_source.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// Which meters, and where they are looked for; the same in every verb that measures.
struct MeterOptions {
  std::string meters;                 ///< --meter; empty: the default ones
  std::filesystem::path root = "/";   ///< --root
  std::vector<std::string> settings;  ///< --meter-setting, KEY=VALUE each

  /// Throws Error(invalid_input) for a setting that is none. Clock and device outlive the place.
  MeterPlace place(Clock& clock, SimulatedDevice* device = nullptr) const;
  /// The named meters, or the default ones. Throws as open_meters and open_default_meters.
  std::vector<std::unique_ptr<Meter>> open(const MeterPlace& place) const;
};

/// Adds --root and --meter-setting, and --meter where a verb takes meters.
void add_meter_options(CLI::App& verb, MeterOptions& options, bool with_meter = true);

}  // namespace wattlayer::cli
