#pragma once
#include "wattlayer/core/workload.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// Something to measure: the workload that the figures are filed under, and the nodes that a runner executes for one pass of it.
struct Task {
  Workload workload;
  Graph graph;
};

/// One layer: a graph of one node whose inputs are fed and whose constants are weights.
Task layer_task(const Layer& layer);

/// A whole network as the engine executes it: folded nodes left out, in-place nodes marked.
Task network_task(const Graph& graph, const Engine& engine);

}  // namespace wattlayer
