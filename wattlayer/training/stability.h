#pragma once
#include <cstddef>
#include <span>

namespace wattlayer {

/// Where the last stretch of one level starts: position of its first value, 0 when there is one level. Change points in the
/// logarithms, found one after the other: the split that explains most, against noise that neighbours' differences tell, for as
/// long as it explains more than noise would. Single outliers are cut to three deviations first. Values are above 0.
size_t stable_since(std::span<const double> values);

}  // namespace wattlayer
