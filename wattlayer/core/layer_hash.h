#pragma once
#include <cstddef>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// Whether two layers are the same work: operator, shapes, types, small values, attributes, fused operators. Their text forms
/// are then equal too; this is the cheap test.
bool same(const Layer& a, const Layer& b);

/// Equal for layers that are the same().
size_t hash(const Layer& layer);

}  // namespace wattlayer
