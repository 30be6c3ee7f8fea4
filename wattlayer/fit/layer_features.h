#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/core/workload.h"

namespace wattlayer {

/// What the published methods look at in a layer. A feature that an operator does not have is 0.
enum class LayerFeature {
  batch,       ///< first dimension of the first input
  image_size,  ///< height of the input
  kernel_size,
  in_channels,
  out_channels,
  stride,
  padding,
  out_image_size,
  input_size,   ///< elements of the first input in one sample
  output_size,  ///< elements of the first output in one sample
  macs,         ///< multiply-accumulates of the whole batch
  paper_macs,   ///< as Getzner et al. 2023 count: with the bias, pools k^2 out / 2, ReLU one an element, others none
  activations,  ///< elements of all outputs
  parameters,
  flops,   ///< 2 x MACs + other operations
  memory,  ///< bytes read and written
};

double feature(const Layer& layer, LayerFeature feature);
std::vector<double> features(const Layer& layer, std::span<const LayerFeature> wanted);

/// Sum over all items, counts included.
double total(const Workload& workload, LayerFeature feature);

}  // namespace wattlayer
