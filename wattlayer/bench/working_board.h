#pragma once
#include <memory>
#include <string>
#include <vector>

#include "wattlayer/bench/runner.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Sorts out which NVML boards are metered for a runner's device. Boards that nobody `named` stay only where they are the one
/// that works; of named ones that one comes first. Returns remarks on what cannot be known. Throws Error(invalid_input) when
/// boards are named and the one that works is not among them.
std::vector<std::string> match_boards(std::vector<std::unique_ptr<Meter>>& meters, const RunnerInfo& runner,
                                      const std::string& device, bool named);

}  // namespace wattlayer
