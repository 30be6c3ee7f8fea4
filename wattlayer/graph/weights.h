#pragma once
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// A constant that stands in the network itself, and the first node that reads it.
struct OwnConstant {
  int value;
  const Node* node;
  size_t input;  ///< of that node

  const Tensor& tensor() const { return node->layer.input(input); }
};

/// Each once, in the order in which nodes read them. What nodes compute before the network runs is none. The graph outlives them.
std::vector<OwnConstant> own_constants(const Graph& graph);

/// A constant of reals that training may change; small numbers whose value the file gives are none.
bool is_weight(const Tensor& tensor);

/// Inference uses it and no gradient reaches it: mean and variance of a BatchNormalization.
bool is_running_statistic(const Node& node, size_t input);

}  // namespace wattlayer
