#pragma once
#include <string>
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/onnx_model.h"

namespace wattlayer {

/// The network's inputs with every dimension a number.
struct BoundInputs {
  std::vector<Tensor> tensors;  ///< one for each declared input that is not an initializer
  std::vector<const onnx::ValueInfo*> declared;
  int64_t batch = 1;                                       ///< leading dimension of the first input that has one
  std::vector<std::string> remarks;                        ///< dimensions that were assumed
  std::map<std::string, int64_t, std::less<>> dimensions;  ///< value of each named dimension
};

/// Gives each symbolic dimension its number: from `--input`, from `--dim`, from an expression of other names
/// (`past + 1`), and 1 for a batch. Throws Error(invalid_input) that names a dimension nobody has set.
BoundInputs bind_inputs(const onnx::Graph& graph, const ImportOptions& options);

/// The same inputs at another batch: symbolic dimensions named like a batch, and leading dimensions that are `bound.batch`.
BoundInputs bind_batch(const onnx::Graph& graph, const ImportOptions& options, const BoundInputs& bound, int64_t batch);

/// Shape that a file declares, when all its dimensions are numbers or names with a known value.
std::optional<Shape> declared_shape(const onnx::ValueInfo& info, const std::map<std::string, int64_t, std::less<>>& dimensions);

}  // namespace wattlayer
