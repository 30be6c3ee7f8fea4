#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

using Strides = std::vector<int64_t>;

/// Distance between neighbours of each dimension of a tensor without gaps, in elements.
Strides contiguous(const Shape& shape);

/// Strides of the same elements under another shape; nothing when they would have to be moved. The rule is that of
/// `Tensor.view` in PyTorch: dimensions merge only where one continues the other.
std::optional<Strides> reshaped(const Shape& shape, const Strides& strides, const Shape& target);

/// Strides of each output of a node that an engine runs as a view of its first input, which has `strides`; nothing when
/// the operator makes no view, or must move the elements.
std::optional<std::vector<Strides>> view(const Layer& layer, const Strides& strides);

}  // namespace wattlayer
