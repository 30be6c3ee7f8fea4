#pragma once
#include <string>
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// A value of a captured network, with the shape that the framework found.
struct CapturedValue {
  std::string name;
  Tensor tensor;
};

/// An operator call: a name of the catalogue, or `aten.NAME` where nobody has mapped it.
struct CapturedNode {
  std::string name, op;
  std::vector<std::string> inputs, outputs;  ///< names of values; an empty name: absent
  std::vector<Attributes::Item> attributes;  ///< as ONNX has them
};

/// A network as a framework's tracer saw it: calls in order, in the newest opset. Weights have a shape and no elements.
struct CapturedNetwork {
  std::string name;
  std::vector<CapturedValue> inputs, constants;
  std::vector<CapturedValue> values;  ///< results of nodes
  std::vector<CapturedNode> nodes;
  std::vector<std::string> outputs;
  std::vector<std::string> remarks;
};

/// Its graph, by the same shape inference as an ONNX file's; where that finds another shape than the framework did, a remark says
/// so. Throws as read_onnx.
Graph graph_of(const CapturedNetwork& network);

}  // namespace wattlayer
