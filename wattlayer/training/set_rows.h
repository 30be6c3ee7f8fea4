#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/training/butter_e.h"

namespace wattlayer {

/// A working set as a reader sees it. The inter-layer sets that live in one level stand together, the largest for all.
struct SetRow {
  std::string id;    ///< inter-layer, forward, backward, samples
  std::string name;  ///< in words
  PlacedSet placed;
  size_t sets = 1;      ///< that stand together
  double beside = 0;    ///< bytes that were there before, where the walk through the levels began
  double accesses = 0;  ///< of all of them in the whole run; 0 where the number of passes is not known
  double bytes = 0;     ///< of those accesses
  double headroom() const { return placed.place.capacity - placed.place.occupied_bytes; }  ///< bytes of a unit; below 0: none
};

/// Inter-layer sets from the innermost level outwards, then the passes and the data set (none where its size is not known).
std::vector<SetRow> set_rows(const WorkingSets& sets, const TrainingPasses& passes);

/// What accesses of that many bytes cost in a level, by a law.
double access_energy_j(const SetRow& row, const ButterCoefficients& k, size_t level);

}  // namespace wattlayer
