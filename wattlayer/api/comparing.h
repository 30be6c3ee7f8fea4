#pragma once
#include "wattlayer/core/data_files.h"
#include "wattlayer/report/comparison.h"

namespace wattlayer {

/// What ships in energy_models/paired-errors.json; nothing measured where it is missing, so that errors count as independent.
PairedErrors paired_errors(const DataFiles& files);

/// `a.onnx=76.1,b.onnx=71.9`, one text or several. Throws Error(invalid_input) for what is no network with a number.
std::map<std::string, double> parse_accuracies(const std::vector<std::string>& texts);

}  // namespace wattlayer
