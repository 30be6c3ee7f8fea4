#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace wattlayer {

/// Blocks dealt out to at most `count` folds, the largest first, each to the smallest fold so far.
template <class Row>
std::vector<std::vector<const Row*>> folds_of(const std::map<std::string, std::vector<const Row*>>& blocks, size_t count) {
  std::vector<const std::vector<const Row*>*> order;
  for (const auto& [name, members] : blocks) order.push_back(&members);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->size() > b->size(); });
  std::vector<std::vector<const Row*>> folds(std::min(count, blocks.size()));
  for (const auto* members : order) {
    auto least = std::min_element(folds.begin(), folds.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    least->insert(least->end(), members->begin(), members->end());
  }
  return folds;
}

}  // namespace wattlayer
