#pragma once
#include <cstddef>

namespace wattlayer {

/// Among Split::calibration_rows: all rows of the device that is left out but those of one block, each block in turn.
inline constexpr size_t other_blocks = static_cast<size_t>(-1);

}  // namespace wattlayer
