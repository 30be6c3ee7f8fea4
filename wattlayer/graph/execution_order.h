#pragma once
#include <string_view>
#include <unordered_set>
#include <vector>

#include "wattlayer/graph/onnx_model.h"

namespace wattlayer::onnx {

/// The nodes in an order in which each comes after the nodes whose outputs it reads, bodies of If, Loop and Scan included;
/// the file's order when that is one already. Throws Error(invalid_input) for a cycle or a value that two nodes produce.
std::vector<const Node*> execution_order(const std::vector<Node>& nodes);

}  // namespace wattlayer::onnx
