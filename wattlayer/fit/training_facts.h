#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/hardware.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/fit/method.h"

namespace wattlayer {

/// A condition as a number; nothing where it is absent or no number.
std::optional<double> number_of(const std::map<std::string, std::string>& conditions, std::string_view name);

/// Passes of a training that the energy of a row is the mean of (condition `passes`), fewer than 1 where not even one batch was
/// full; 1 where it is not stated. Throws Error(invalid_input) for what is no number above 0.
double passes_of(const std::map<std::string, std::string>& conditions);

/// Hardware of a row: the target's, unless the row names another and there is a catalogue to describe it.
const Hardware& hardware_of(const Measurement& row, const Target& target);

/// What PRE knows of an epoch: batch, RAM (GB), training and validation samples, GFLOPs of a forward pass, image height and
/// width, CUDA cores, GPU memory (GB), GPU design power (W); standardised as in its published estimators. Nothing where one of
/// them is not known.
std::optional<std::vector<double>> pre_features(const Workload& workload, const std::map<std::string, std::string>& conditions,
                                                const Hardware& hardware);

}  // namespace wattlayer
