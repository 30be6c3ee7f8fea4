#pragma once
#include <filesystem>

#include "wattlayer/core/data_files.h"

namespace wattlayer::cli {

/// Learns from the data sets below the folder how the errors of two estimates go together, writes it, and prints how often
/// intervals of ratios hold. Throws Error(invalid_input) where no data set has networks to pair.
void learn_pairs(const std::filesystem::path& data, const std::filesystem::path& output, const DataFiles& files);

}  // namespace wattlayer::cli
