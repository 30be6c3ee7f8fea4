#pragma once
#include <optional>
#include <string>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer::cli {

/// As find_target; what it assumed goes to standard error.
EnergyModel choose_energy_model(const DataFiles& files, const std::string& target, std::optional<DataType> dtype);

}  // namespace wattlayer::cli
