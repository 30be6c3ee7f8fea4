#pragma once
#include "wattlayer/core/workload.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// Something to measure: the workload that the figures are filed under, and the nodes that a runner executes for one pass of it.
/// Both in the data type that they are measured in.
struct Task {
  Workload workload;
  Graph graph;
};

/// One layer as it stands: a graph of one node whose inputs are fed and whose constants are weights.
Task layer_task(const Layer& layer);

/// A whole network as the engine executes it: what runs at load time left out, in-place nodes marked. Throws Error(unsupported)
/// where a shape is not known.
Task network_task(const Graph& graph, const Engine& engine, DataType dtype);

}  // namespace wattlayer
