#pragma once
#include <optional>

#include "wattlayer/api/network_source.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer::python {

/// A graph, and where it came from; a captured one came from nowhere that can be read again.
struct Network {
  std::optional<NetworkSource> source;
  Graph graph;
};

}  // namespace wattlayer::python
