#pragma once
#include <vector>

#include "wattlayer/fit/method.h"

namespace wattlayer {

/// Its joules were metered; those of a stated power (`modelled`) were not and take part in no fit of energy.
bool has_measured_energy(const Measurement& measurement);

/// It has a figure, no failure, and only known shapes.
bool usable(const Measurement& measurement);

/// About `most` rows, evenly spaced; networks are kept as long as they are no more than a quarter of that.
std::vector<const Measurement*> thinned(TrainingRows rows, size_t most);

}  // namespace wattlayer
