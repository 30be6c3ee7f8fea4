#pragma once
#include <filesystem>
#include <string>

#include "cli/program.h"

namespace wattlayer::cli {

/// `wattlayer training estimate --mlp`: the energy of training a perceptron by BUTTER-E's law.
struct MlpEstimateOptions {
  std::string mlp;  ///< words of parse_mlp_training
  std::string on;   ///< hardware that a law ships for
  bool json = false;
  std::filesystem::path output;
};

/// Writes the estimate. Throws Error(invalid_input) for words that cannot be, Error(unavailable) for hardware without a law.
void estimate_mlp(const MlpEstimateOptions& options, const DataFiles& files);

/// `784-512-512-10`
std::string mlp_name(int64_t features, const std::vector<int64_t>& widths);

}  // namespace wattlayer::cli
