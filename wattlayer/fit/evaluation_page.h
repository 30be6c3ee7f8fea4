#pragma once
#include <string>

#include "wattlayer/fit/evaluation.h"

namespace wattlayer {

/// An evaluation as one HTML page without outside parts: a table a split, and predicted against measured energy for each method.
std::string evaluation_page(const Evaluation& evaluation, const std::string& title);

}  // namespace wattlayer
