#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/predict/energy_model.h"
#include "wattlayer/training/set_rows.h"

namespace wattlayer {

/// What it costs to work on a set in each memory level.
struct LevelCosts {
  struct Cost {
    double per_access_j = 0, per_byte_j = 0;
  };
  std::vector<std::optional<Cost>> levels;  ///< by Hardware::memory; nothing where no figure can be given
  bool at_most = false;                     ///< the bytes may hide behind arithmetic, so differences are upper bounds
  std::string source;
  std::string missing;  ///< why levels have no figure; empty where all have
};

/// By a law that was fitted on working sets.
LevelCosts level_costs(const ButterModel& model);

/// From the joules and the seconds (times static power) that an energy model gives a byte of main memory; inner levels cost less
/// by their bandwidth, where the hardware states it.
LevelCosts level_costs(const EnergyModel& model);

/// A working set with what another level would mean.
struct SetAdvice {
  SetRow row;
  std::optional<double> cost_j;           ///< in its level
  std::optional<double> inner_saves_j;    ///< if it lay one level further in
  std::optional<double> outer_costs_j;    ///< if it spilled one level further out
  std::optional<double> share_that_fits;  ///< part of its size that the level inside would hold; nothing where it is full already
};

std::vector<SetAdvice> advise(const std::vector<SetRow>& rows, const Hardware& hardware, const LevelCosts& costs);

/// A size at which a set just fills a level.
struct FillingSize {
  std::string set;  ///< forward or backward
  size_t level = 0;
  double parameters = 0;
  std::vector<int64_t> widths = {};  ///< of a perceptron
};

/// Bytes that a unit of a level has left for a set that starts beside `beside` others.
double room(const Hardware& hardware, size_t level, double beside);

/// Hidden layers become wider or narrower together; inputs, outputs and batch stay. Caches only.
std::vector<FillingSize> filling_sizes(const MlpTraining& training, const Hardware& hardware);

/// Parameters grow or shrink while activations stay as they are. Caches only.
std::vector<FillingSize> filling_sizes(const WorkingSets& sets, double bytes_of_a_parameter, const Hardware& hardware);

/// The largest batch at which the largest inter-layer set still lies in a level: they grow in proportion. 0: not even one sample.
double largest_batch(const WorkingSets& sets, double batch, const Hardware& hardware, size_t level);

}  // namespace wattlayer
