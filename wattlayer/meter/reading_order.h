#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// In which order meters are read at an edge of a window: those that wait for an outside log first at its start and last at its
/// end, so that no other meter counts the waiting.
std::vector<size_t> reading_order(std::span<Meter* const> meters, bool at_start);

}  // namespace wattlayer
