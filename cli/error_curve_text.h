#pragma once
#include <filesystem>
#include <string>

#include "wattlayer/bench/error_curve.h"

namespace wattlayer::cli {

std::string error_curve_table(const ErrorCurve& curve, const Workload& workload);
/// CSV, or JSON for a file that ends in .json.
std::string error_curve_file(const ErrorCurve& curve, const std::filesystem::path& file);

}  // namespace wattlayer::cli
