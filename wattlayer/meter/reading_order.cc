#include "wattlayer/meter/reading_order.h"

#include <algorithm>
#include <numeric>

namespace wattlayer {

std::vector<size_t> reading_order(std::span<Meter* const> meters, bool at_start) {
  std::vector<size_t> order(meters.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t i) { return meters[i]->info().waits == at_start; });
  return order;
}

}  // namespace wattlayer
