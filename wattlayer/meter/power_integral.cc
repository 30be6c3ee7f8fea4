#include "wattlayer/meter/power_integral.h"

namespace wattlayer {

void PowerIntegral::add(Seconds at, Watts power) {
  if (last_at_) {
    if (at <= *last_at_) return;
    const Seconds gap = at - *last_at_;
    energy_ += (last_power_ + power) / 2 * gap;
  }
  last_at_ = at;
  last_power_ = power;
}

}  // namespace wattlayer
