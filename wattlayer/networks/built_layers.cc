#include "wattlayer/networks/built_layers.h"

#include <algorithm>

#include "wattlayer/core/layer_hash.h"

namespace wattlayer {

int BuiltLayers::keep(Tensor tensor) {
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(tensors_.size()) - 1;
}

int BuiltLayers::tensor(std::string_view description, const std::function<Tensor()>& make) {
  if (const auto found = tensor_by_text_.find(description); found != tensor_by_text_.end()) return found->second;
  return tensor_by_text_[std::string(description)] = keep(make());
}

const BuiltLayers::Made* BuiltLayers::find(std::string_view description) const {
  const auto found = made_by_text_.find(description);
  return found == made_by_text_.end() ? nullptr : &found->second;
}

const BuiltLayers::Made* BuiltLayers::find(const Key& key) const {
  const auto found = made_by_key_.find(key);
  return found == made_by_key_.end() ? nullptr : &found->second;
}

const BuiltLayers::Made& BuiltLayers::remember(std::string_view description, Made made) {
  return made_by_text_[std::string(description)] = std::move(made);
}

const Layer& BuiltLayers::keep(Layer layer) {
  const size_t key = hash(layer);
  const auto [begin, end] = layer_by_hash_.equal_range(key);
  const auto found = std::find_if(begin, end, [&](const auto& entry) { return same(*entry.second, layer); });
  if (found != end) return *found->second;
  layers_.push_back(std::move(layer));
  layer_by_hash_.emplace(key, &layers_.back());
  return layers_.back();
}

}  // namespace wattlayer
