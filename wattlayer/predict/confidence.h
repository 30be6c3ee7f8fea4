#pragma once
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// Half width of an interval at a level, 0.5 to 0.999, over that at 90 %, which is calibrated on held-out blocks. Other levels
/// are not: inside, errors are taken to fall off like a normal distribution, outside like a Laplace distribution, whichever is
/// wider. Throws Error(invalid_input) for another level.
double width_at(double level);

/// The interval at another level, by width_at in the logarithm.
Interval at_level(const Interval& ninety, double level);

/// Chance that the true value lies above a limit: errors symmetric in the logarithm, with the tails of width_at. An interval
/// without width says 0 or 1.
double chance_above(const Interval& ninety, double limit);

}  // namespace wattlayer
