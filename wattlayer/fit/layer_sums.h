#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"

namespace wattlayer {

/// A measured layer and how often the network runs one of its operator and size.
struct MeasuredPart {
  const Measurement* row = nullptr;
  double count = 1;
};

/// A measured network and the measurements of its own layers, each alone. Data sets that measure equal layers once count them as
/// often as the network's workload has them, shared among the rows of that operator and size.
struct DecomposedNetwork {
  const Measurement* network = nullptr;
  std::vector<MeasuredPart> layers;
  double covered = 0;  ///< share of the operators that the network runs which have such a row

  /// Joules of all layers, counts included.
  double layer_sum_j() const;
};

/// Networks whose layers were measured too (Measurement::parent), on the same hardware, engine and data type. Rows that failed or
/// whose energy was not metered take no part; a network that lost a layer so is left out and counted.
struct DecomposedNetworks {
  std::vector<DecomposedNetwork> networks;
  size_t incomplete = 0;
};
DecomposedNetworks decomposed_networks(std::span<const Measurement> rows);

/// A line through the origin, y = factor x, and how well it does.
struct OriginLine {
  double factor = 1;
  std::optional<double> r2;           ///< of the line
  std::optional<double> correlation;  ///< Pearson's r, squared
};

/// Least squares. Throws Error(invalid_input) for no points or x all 0.
OriginLine origin_line(std::span<const double> x, std::span<const double> y);

}  // namespace wattlayer
