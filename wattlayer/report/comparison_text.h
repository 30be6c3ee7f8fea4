#pragma once
#include <string>

#include "wattlayer/report/comparison.h"
#include "wattlayer/report/format.h"

namespace wattlayer {

/// A comparison as text: a ranking, who wins and by how much, accuracy against energy, remarks.
std::string comparison_text(const Comparison& comparison, const Rendering& rendering);

}  // namespace wattlayer
