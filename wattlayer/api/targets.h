#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/predict/device_prior.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {

/// The energy model that a target names, and what was assumed on the way.
struct FoundEnergyModel {
  EnergyModel model;
  std::vector<std::string> remarks;
};

/// The energy model that HARDWARE[/ENGINE[/DTYPE]] or a `.wlm` file names. What is left open is filled: engine `pytorch` or the
/// only one; data type `dtype`, else f32, else bf16 or f16 with a remark, or the only one. A hardware that is named in short
/// stands for the only measured one whose id begins so; one that nobody measured is estimated from its data sheet; both with a
/// remark. Throws Error(invalid_input) that lists near names.
FoundEnergyModel find_target(const DataFiles& files, const std::string& target, std::optional<DataType> dtype = {});

/// The energy model of a device that nobody has measured: its data sheet and what measured devices teach (energy_models/*.prior).
EnergyModel energy_model_from_data_sheet(const DataFiles& files, const std::string& hardware_json, const std::string& id,
                                         const std::string& engine, DataType dtype);

/// What measured devices of its kind teach. Throws Error(unavailable) where nothing is known of the kind.
DevicePrior device_prior(const DataFiles& files, const Hardware& hardware);

/// Ids of all energy models: HARDWARE/ENGINE/DTYPE.
std::vector<std::string> energy_model_ids(const DataFiles& files);

/// By its full id. Throws as find_target.
EnergyModel load_energy_model(const DataFiles& files, const std::string& id);

}  // namespace wattlayer
