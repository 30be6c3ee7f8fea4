#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "wattlayer/fit/method.h"

namespace wattlayer {

/// What the ridge predicts, in joules of a pass: an epoch's kilojoule, a second of the duration that is told.
using PreUnit = std::optional<double> (*)(const std::map<std::string, std::string>& conditions);

/// PRE's kernel ridge (del Rey et al., arXiv 2307.05520) on ten facts of a training, as pre_features states them. Throws
/// Error(invalid_input) where no row states them and the unit.
std::unique_ptr<Predictor> fit_pre(TrainingRows rows, const Target& target, PreUnit unit);

}  // namespace wattlayer
