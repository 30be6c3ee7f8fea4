#pragma once
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/onnx_model.h"
#include "wattlayer/graph/symbols.h"

namespace wattlayer {

class Rebatch;

/// What an If came to: the branch that its condition selects, or the more expensive one where that is not known.
enum class Branch : char { then, else_, costlier_then, costlier_else };

/// A graph with the tensor of each value.
struct InferredGraph {
  Graph graph;
  std::vector<Tensor> tensors;
  std::vector<Branch> branches;  ///< of each If, in the order of the walk
  std::vector<double> unrolled;  ///< iterations of each loop that was written out
};

/// Walks the network once in execution order: expands If, Loop, Scan and local functions, infers every shape, folds shape
/// computations. `rebatch`, when given, corrects nodes that were exported for another batch.
/// Throws Error(invalid_input) naming the node that contradicts its operator.
InferredGraph infer_shapes(const onnx::Model& model, const BoundInputs& inputs, const ImportOptions& options,
                           Rebatch* rebatch = nullptr);

}  // namespace wattlayer
