#pragma once
#include <optional>
#include <span>
#include <vector>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Time between changes of each meter's figure, found by reading them for at most `longest`; nothing where too few changes were
/// seen, 0 for a modelled meter, which has none. A meter that integrates power changes no faster than it is documented to.
std::vector<std::optional<Seconds>> find_refresh_intervals(std::span<Meter* const> meters, Clock& clock, Seconds longest);

/// The slowest of the meters: as found, else as documented, else 0.1 s. 0 without meters.
Seconds slowest_refresh(std::span<Meter* const> meters, std::span<const std::optional<Seconds>> found);

}  // namespace wattlayer
