#pragma once
#include "wattlayer/core/layer.h"

/// Sliding windows of convolutions and pools along their spatial dimensions.
namespace wattlayer::rules {

/// Spatial dimensions of a tensor: all but the first two, or those between the first and the last (channels last).
Shape spatial(const Shape& shape, bool channels_last = false);

/// Replaces auto_pad by pads. Sizes that make no sense are left for windowed() to refuse.
void explicit_pads(Layer& layer, const Shape& in, const Shape& kernel);

/// Output size along each dimension, from attributes strides, dilations, pads and ceil_mode: a window starts inside the input or
/// its leading pads. A window larger than the padded input is refused, unless ceil_mode lets it count once; as PyTorch does.
/// (onnx and onnxruntime let it count without ceil_mode, too, where it lacks less than a stride.) Throws Error(invalid_input).
Shape windowed(const Layer& layer, const Shape& in, const Shape& kernel);

/// Output size of a transposed convolution along dimension i before pads take some away. Throws Error(invalid_input).
int64_t transposed_extent(const Layer& layer, int64_t in, int64_t kernel, size_t i);

}  // namespace wattlayer::rules
