#pragma once
#include <string>
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// A node of a network as a reader sees it; figures include its count.
struct NodeRow {
  std::string name;
  std::string op;
  std::string layer;  ///< text form; empty where a shape is unknown
  std::string shapes;
  double count = 1;
  double macs = 0;
  double parameters = 0;   ///< of its own constants, also where another node shares them
  double activations = 0;  ///< elements that it writes
  bool folded = false;     ///< computed at load time: costs nothing
  bool in_catalogue = true;
  bool resolved = true;  ///< every shape is known
};

/// Nodes of one operator.
struct NodesOfOperator {
  std::string op;
  double nodes = 0;
  double macs = 0;
  double parameters = 0;
  bool in_catalogue = true;
};

/// What a network consists of, before any hardware is named.
struct Inspection {
  std::string network;
  std::string file;
  int64_t batch = 1;
  std::vector<std::string> inputs, outputs;  ///< `input f32 1x3x224x224`
  std::vector<NodeRow> nodes;                ///< in execution order
  std::vector<NodesOfOperator> operators;    ///< most MACs first, then most nodes
  double macs = 0;
  double parameters = 0;    ///< each constant once; BatchNormalization's running mean and variance do not count
  double weight_bytes = 0;  ///< of those parameters
  double activations = 0;   ///< elements that executed nodes write
  std::vector<std::string> unresolved, remarks;
};

Inspection inspect(const Graph& graph);

}  // namespace wattlayer
