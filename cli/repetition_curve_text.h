#pragma once
#include <filesystem>
#include <string>

#include "wattlayer/bench/repetition_curve.h"

namespace wattlayer::cli {

std::string repetition_table(const RepetitionCurve& curve, const Workload& workload);
/// CSV, or JSON for a file that ends in .json.
std::string repetition_file(const RepetitionCurve& curve, const std::filesystem::path& file);

}  // namespace wattlayer::cli
