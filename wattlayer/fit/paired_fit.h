#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/fit/held_out_estimates.h"
#include "wattlayer/predict/paired_errors.h"

namespace wattlayer {

/// A measured network beside what was estimated without its block: all that paired errors are learned from.
struct HeldOutNetwork {
  std::string dataset, target;  ///< target: HARDWARE/ENGINE/DTYPE
  std::string network, block;   ///< network: the same for all its batches and on all targets
  int64_t batch = 1;
  double log_error = 0;                     ///< log(measured / estimated)
  double half_width = 0;                    ///< log units, of the estimate's interval
  double energy_j = 0;                      ///< estimated, of a pass
  std::map<size_t, double> layer_energies;  ///< joules of a pass by hash of the layer
};

std::vector<HeldOutNetwork> held_out_networks(std::span<const HeldOutEstimate> estimates);

/// Two of them, as the interval of their ratio sees them.
struct HeldOutPair {
  std::string dataset, target, block_a, block_b;  ///< target: empty where the two differ in it
  EstimatePair known;
  double log_error = 0;  ///< |log(measured ratio / estimated ratio)|

  /// Over what independent errors would give, the effect of common layers taken out.
  double score() const;
};

/// Pairs of one data set by relation; where they are many, drawn with a fixed seed, `most` of each target and relation.
std::vector<HeldOutPair> held_out_pairs(std::span<const HeldOutNetwork> networks, size_t most = 4000);

/// Factors of each energy model from its own pairs where they are of blocks enough, and pooled ones from all data sets alike.
PairedErrors fit_paired_errors(std::span<const HeldOutPair> pairs);

/// How often the measured ratio lies inside its interval, per cent.
struct PairedCoverage {
  std::string dataset;
  Relation relation = Relation::nothing;
  size_t pairs = 0;
  double independent = 0;                 ///< of errors with nothing in common
  std::optional<double> other_data_sets;  ///< factors of the other data sets alone; nothing where none has such pairs
  std::optional<double> other_blocks;     ///< factors of the energy model itself from pairs without the blocks of the pair
  double width = 1;                       ///< median half width over that of independent errors, as shipped
};
std::vector<PairedCoverage> paired_coverage(std::span<const HeldOutPair> pairs);

}  // namespace wattlayer
