#pragma once
#include <map>
#include <optional>
#include <string>

#include "wattlayer/training/mlp_training.h"

namespace wattlayer {

/// The training that the conditions of a measurement describe: `features`, `outputs`, `shape`, `size`, `depth` (or `widths`),
/// `batch`, `samples`, `epochs`. Nothing where one of them is missing: it is no row of this kind. Throws Error(invalid_input)
/// for a condition that is there and cannot be.
std::optional<MlpTraining> mlp_training(const std::map<std::string, std::string>& conditions);

}  // namespace wattlayer
