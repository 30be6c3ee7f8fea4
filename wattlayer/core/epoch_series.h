#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// One pass of a training run over its training samples, validation included.
struct Epoch {
  int64_t number = 0;  ///< as the run counts it
  Joules energy;
  std::optional<Seconds> duration;
};

/// The epochs of one training run, in order and without gaps.
struct EpochSeries {
  std::string name;
  std::string block;  ///< what is left out together when something is learned from series (the image data set)
  std::vector<Epoch> epochs;
  std::optional<Joules> total;  ///< of the whole run where it was measured apart; else the epochs' sum
};

Joules energy_of(std::span<const Epoch> epochs);

/// Nothing where one of them has no duration.
std::optional<Seconds> duration_of(std::span<const Epoch> epochs);

}  // namespace wattlayer
