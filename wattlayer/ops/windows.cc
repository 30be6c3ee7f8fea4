#include "wattlayer/ops/windows.h"

#include <algorithm>

#include "wattlayer/ops/rules.h"

namespace wattlayer::rules {

Shape spatial(const Shape& shape, bool channels_last) {
  if (shape.size() <= 2) return {};
  return channels_last ? Shape(shape.begin() + 1, shape.end() - 1) : Shape(shape.begin() + 2, shape.end());
}

namespace {

/// Elements that a dilated kernel covers.
int64_t extent(const Layer& layer, const Shape& kernel, size_t i) {
  const int64_t dilation = layer.attributes.integer_at("dilations", i, 1);
  require(kernel[i] > 0 && dilation > 0, layer,
          "kernel of " + std::to_string(kernel[i]) + " with dilation " + std::to_string(dilation) + " in dimension " +
              std::to_string(i) + "; expected both to be positive");
  return sum(product(kernel[i] - 1, dilation), 1);
}

int64_t stride_at(const Layer& layer, size_t i) {
  const int64_t stride = layer.attributes.integer_at("strides", i, 1);
  require(stride > 0, layer, "strides must be positive; found " + std::to_string(stride));
  return stride;
}

}  // namespace

void explicit_pads(Layer& layer, const Shape& in, const Shape& kernel) {
  const std::string mode(layer.attributes.text("auto_pad", "NOTSET"));
  if (mode == "VALID") layer.attributes.erase("pads");
  if ((mode == "SAME_UPPER" || mode == "SAME_LOWER") && in.size() == kernel.size()) {
    std::vector<int64_t> pads(2 * in.size());
    for (size_t i = 0; i < in.size(); ++i) {
      const int64_t stride = stride_at(layer, i);
      const int64_t out = in[i] / stride + (in[i] % stride != 0);
      const int64_t covered = sum(product(std::max<int64_t>(out - 1, 0), stride), extent(layer, kernel, i));
      const int64_t total = std::max<int64_t>(0, covered - in[i]);
      pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      pads[i + in.size()] = total - pads[i];
    }
    layer.attributes.set("pads", pads);
  }
  layer.attributes.erase("auto_pad");
}

Shape windowed(const Layer& layer, const Shape& in, const Shape& kernel) {
  require(in.size() == kernel.size() && !in.empty(), layer,
          "kernel " + text(kernel) + " must have one dimension for each spatial dimension of the input, " + text(in));
  const bool ceil = layer.attributes.integer("ceil_mode", 0) != 0;
  Shape out;
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t stride = stride_at(layer, i);
    const int64_t begin = layer.attributes.integer_at("pads", i, 0);
    const int64_t padded = sum(sum(in[i], begin), layer.attributes.integer_at("pads", i + in.size(), 0));
    const int64_t covered = extent(layer, kernel, i);
    const bool larger = padded < covered;
    require(!larger || (ceil && padded > 0 && difference(covered, padded) < stride), layer,
            "kernel covers " + std::to_string(covered) + " elements, more than the padded input of " + std::to_string(padded));
    int64_t windows = larger ? 1 : (padded - covered) / stride + 1;
    if (!larger && ceil && (padded - covered) % stride != 0 && product(windows, stride) < sum(in[i], begin)) ++windows;
    out.push_back(windows);
  }
  return out;
}

int64_t transposed_extent(const Layer& layer, int64_t in, int64_t kernel, size_t i) {
  Shape kernels(i + 1, 1);
  kernels[i] = kernel;
  const int64_t more = sum(extent(layer, kernels, i), layer.attributes.integer_at("output_padding", i, 0));
  return sum(product(in - 1, stride_at(layer, i)), more);
}

}  // namespace wattlayer::rules
