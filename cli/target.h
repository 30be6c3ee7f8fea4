#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/program.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer::cli {

/// The energy model that `--on HARDWARE[/ENGINE[/DTYPE]]` or a `.wlm` file names. What is left open is filled: engine `pytorch`
/// or the only one; data type by --dtype, else f32 or the only one. Throws Error(invalid_input) that lists near names.
EnergyModel find_energy_model(const DataFiles& files, const std::string& target, std::optional<DataType> dtype);

/// Ids of all energy models: HARDWARE/ENGINE/DTYPE.
std::vector<std::string> energy_model_ids(const DataFiles& files);

/// By its full id. Throws as find_energy_model.
EnergyModel load_energy_model(const DataFiles& files, const std::string& id);

}  // namespace wattlayer::cli
