#pragma once
#include <string>

#include "wattlayer/fit/evaluation.h"
#include "wattlayer/pages/page.h"

namespace wattlayer {

/// An evaluation as one HTML page: a table a split, and predicted against measured energy for each method. Points of many rows
/// are thinned evenly, and the page says so.
std::string evaluation_page(const Evaluation& evaluation, const std::string& title, const PageOrigin& origin = {});

}  // namespace wattlayer
