#include "wattlayer/core/epoch_series.h"

namespace wattlayer {

Joules energy_of(std::span<const Epoch> epochs) {
  Joules sum;
  for (const Epoch& epoch : epochs) sum += epoch.energy;
  return sum;
}

std::optional<Seconds> duration_of(std::span<const Epoch> epochs) {
  Seconds sum;
  for (const Epoch& epoch : epochs) {
    if (!epoch.duration) return std::nullopt;
    sum += *epoch.duration;
  }
  return sum;
}

}  // namespace wattlayer
