#include "wattlayer/core/layer_hash.h"

#include <algorithm>
#include <functional>

namespace wattlayer {
namespace {

void mix(size_t& seed, size_t value) { seed ^= value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2); }

void mix(size_t& seed, const std::vector<int64_t>& list) {
  mix(seed, list.size());
  for (int64_t i : list) mix(seed, static_cast<size_t>(i));
}

void mix(size_t& seed, const Tensor& tensor) {
  mix(seed,
      static_cast<size_t>(tensor.dtype) * 16 + tensor.present * 8 + tensor.known * 4 + tensor.constant * 2 + tensor.bounded);
  mix(seed, tensor.shape);
  if (!tensor.value) return;
  mix(seed, tensor.value->integers);
  for (double d : tensor.value->reals) mix(seed, std::hash<double>()(d));
}

void mix(size_t& seed, const Attribute& attribute) {
  if (auto* i = std::get_if<int64_t>(&attribute)) mix(seed, static_cast<size_t>(*i));
  else if (auto* s = std::get_if<std::string>(&attribute)) mix(seed, std::hash<std::string>()(*s));
  else if (auto* list = std::get_if<std::vector<int64_t>>(&attribute)) mix(seed, *list);
  else if (auto* d = std::get_if<double>(&attribute)) mix(seed, std::hash<double>()(*d));
  else mix(seed, attribute.index());
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.present == b.present && a.known == b.known && a.constant == b.constant &&
         a.bounded == b.bounded && a.shape == b.shape && (a.value == b.value || (a.value && b.value && *a.value == *b.value));
}

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) { return same(x, y); });
}

}  // namespace

bool same(const Layer& a, const Layer& b) {
  return a.op == b.op && a.dtype == b.dtype && a.in_place == b.in_place && a.fused == b.fused && same(a.inputs, b.inputs) &&
         same(a.outputs, b.outputs) && a.attributes == b.attributes;
}

size_t hash(const Layer& layer) {
  size_t seed = std::hash<std::string>()(layer.op);
  mix(seed, static_cast<size_t>(layer.dtype) * 2 + layer.in_place);
  for (const Tensor& t : layer.inputs) mix(seed, t);
  for (const Tensor& t : layer.outputs) mix(seed, t);
  for (const auto& [name, value] : layer.attributes.items()) mix(seed, value);
  mix(seed, layer.fused.size());
  return seed;
}

}  // namespace wattlayer
