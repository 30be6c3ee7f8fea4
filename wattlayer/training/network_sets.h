#pragma once
#include <cstdint>
#include <optional>

#include "wattlayer/graph/graph.h"
#include "wattlayer/training/working_sets.h"

namespace wattlayer {

/// Working sets of training any network: those of a perceptron, read from a graph.
struct NetworkSets {
  WorkingSetSizes sizes;
  double parameters = 0;  ///< elements of its weights
  double parameter_bytes = 0;
  size_t unknown_shapes = 0;  ///< nodes that are in no set
};

/// A set for each node that has weights, joins activations or changes how many there are; nodes that rewrite their one input
/// (activation functions, reshapes) count with it. For a batch of the graph's own. `samples`: of the data set, each with its
/// inputs and, where the network puts out one vector a sample, a target as long. Throws Error(invalid_input) for a network
/// without such a node.
NetworkSets network_sets(const Graph& graph, std::optional<int64_t> samples);

}  // namespace wattlayer
