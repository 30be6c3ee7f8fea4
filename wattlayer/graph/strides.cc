#include "wattlayer/graph/strides.h"

#include <algorithm>

#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

std::optional<Strides> transposed(const Layer& layer, const Strides& strides) {
  std::vector<int64_t> perm = layer.attributes.integers("perm");
  Strides out(strides.rbegin(), strides.rend());
  if (perm.empty()) return out;
  for (size_t i = 0; i < std::min(perm.size(), out.size()); ++i)
    out[i] = strides[static_cast<size_t>(rules::axis(perm[i], layer.input(0).rank()))];
  return out;
}

std::optional<Strides> sliced(const Layer& layer, Strides strides) {
  if (!layer.has_input(4)) return strides;
  const auto& steps = layer.input(4).value;
  const auto& axes = layer.input(3).value;
  if (!steps) return std::nullopt;
  for (size_t i = 0; i < steps->size(); ++i) {
    const int64_t axis = axes && i < axes->size() ? axes->integer(i) : static_cast<int64_t>(i);
    if (steps->integer(i) < 1) return std::nullopt;  // reversed: copied
    int64_t& stride = strides[static_cast<size_t>(rules::axis(axis, layer.input(0).rank()))];
    if (__builtin_mul_overflow(stride, steps->integer(i), &stride)) return std::nullopt;
  }
  return strides;
}

std::optional<Strides> expanded(const Layer& layer, const Strides& strides) {
  const Shape& in = layer.input(0).shape;
  const Shape& out = layer.output(0).shape;
  if (out.size() < in.size()) return std::nullopt;
  Strides wide(out.size(), 0);
  for (size_t i = 0; i < in.size(); ++i)
    if (in[i] == out[i + out.size() - in.size()]) wide[i + out.size() - in.size()] = strides[i];
  return wide;
}

}  // namespace

Strides contiguous(const Shape& shape) {
  Strides strides(shape.size(), 1);
  // A tensor without elements may have other dimensions of any size.
  for (size_t i = shape.size(); i-- > 1;)
    if (__builtin_mul_overflow(strides[i], std::max<int64_t>(shape[i], 1), &strides[i - 1])) strides[i - 1] = 1;
  return strides;
}

std::optional<Strides> reshaped(const Shape& shape, const Strides& strides, const Shape& target) {
  const double count = elements(shape);
  if (count != elements(target)) return std::nullopt;
  if (count <= 1) return contiguous(target);
  Strides out(target.size(), 1);
  size_t next = target.size();                                 // dimensions of the target that are done, from the right
  int64_t block_stride = strides.back(), block = 1, done = 1;  // a block: dimensions that continue each other
  for (size_t i = shape.size(); i-- > 0;) {
    block *= shape[i];
    const bool ends = i == 0 || (shape[i - 1] != 1 && strides[i - 1] != block * block_stride);
    if (!ends) continue;
    while (next > 0 && (done < block || target[next - 1] == 1)) {
      out[--next] = done * block_stride;
      done *= target[next];
    }
    if (done != block) return std::nullopt;
    if (i > 0) block_stride = strides[i - 1], block = done = 1;
  }
  return next == 0 ? std::optional(out) : std::nullopt;
}

std::optional<std::vector<Strides>> view(const Layer& layer, const Strides& strides) {
  const Tensor& x = layer.input(0);
  if (!x.known || strides.size() != x.shape.size() || layer.outputs.empty() || !layer.outputs[0].known) return std::nullopt;
  std::optional<Strides> out;
  if (layer.op == "Transpose") out = transposed(layer, strides);
  else if (layer.op == "Slice") out = sliced(layer, strides);
  else if (layer.op == "Split") out = strides;
  else if (layer.op == "Expand") out = expanded(layer, strides);
  else out = reshaped(x.shape, strides, layer.outputs[0].shape);
  if (!out) return std::nullopt;
  return std::vector<Strides>(layer.outputs.size(), *out);
}

}  // namespace wattlayer
