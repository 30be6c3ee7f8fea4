#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/hardware.h"
#include "wattlayer/training/mlp_training.h"

namespace wattlayer {

/// Data that a pass of training works on over and over, in bytes. Every core or SM has a copy of the replicated part; the
/// distributed part is divided among them.
struct WorkingSet {
  double replicated_bytes = 0;
  double distributed_bytes = 0;

  double bytes() const { return replicated_bytes + distributed_bytes; }
};

/// Where a working set lives: as a whole in one level of the memory, never split.
struct Placement {
  size_t level = 0;           ///< of Hardware::memory, innermost 0
  double capacity = 0;        ///< bytes of a unit of this level and all inside it
  double cached_bytes = 0;    ///< that it takes in a unit of the level
  double occupied_bytes = 0;  ///< of that capacity, with what was there before
  bool fits = true;           ///< false: larger than the main memory, where it is put nevertheless
};

/// A working set with its place.
struct PlacedSet {
  WorkingSet set;
  Placement place;
};

/// Walks the levels from the innermost: one whose capacity is filled already (`occupied` bytes) is skipped; where the set does
/// not fit beside what is there, it goes on to the next level with this one full. Throws Error(invalid_input) for no levels.
Placement place(std::span<const MemoryLevel> memory, const WorkingSet& set, double occupied);

/// Sizes of the sets of training (Tripp et al. 2024, section 6).
struct WorkingSetSizes {
  std::vector<WorkingSet> inter_layer;  ///< inputs and outputs of each layer for a batch
  WorkingSet forward;                   ///< parameters
  WorkingSet backward;                  ///< parameters, their gradients, activations of all layers but the largest pair
  WorkingSet samples;                   ///< the data set with its targets; none where its size is not known
};

/// Values of 4 bytes.
WorkingSetSizes working_set_sizes(const MlpTraining& training);

/// The sets in their order: inter-layer sets first, each by itself, the passes beside the largest of them, the data set beside
/// the backward pass.
struct WorkingSets {
  std::vector<PlacedSet> inter_layer;
  PlacedSet forward, backward, samples;
  size_t largest = 0;  ///< of the inter-layer sets

  const PlacedSet& largest_inter_layer() const { return inter_layer[largest]; }
};

/// Throws Error(invalid_input) for a hardware without memory levels and for no layers.
WorkingSets place(const WorkingSetSizes& sizes, const Hardware& hardware);

}  // namespace wattlayer
