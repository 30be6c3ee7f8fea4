#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// Regression trees whose leaves add up: each tree sends the inputs to the left where one of them is below a threshold.
class BoostedTrees {
 public:
  /// Nodes of a tree in preorder: the left child follows its parent.
  struct Node {
    static constexpr uint32_t leaf = std::numeric_limits<uint32_t>::max();
    float value = 0;        ///< threshold, or what the leaf adds
    uint32_t input = leaf;  ///< position of the input that is compared
    uint32_t right = 0;     ///< of the right child among all nodes
  };

  bool empty() const { return nodes_.empty(); }
  size_t trees() const { return roots_.size(); }
  size_t nodes() const { return nodes_.size(); }

  /// No input is NaN, and there are as many as when it was fitted.
  double operator()(std::span<const float> inputs) const { return add(static_cast<float>(base_), inputs, 0, trees()); }
  /// `sum` and the leaves of trees first to last - 1.
  float add(float sum, std::span<const float> inputs, size_t first, size_t last) const;
  double base() const { return base_; }

  void set_base(double base) { base_ = base; }
  void add_tree(std::span<const Node> preorder);  ///< `right` counts from the tree's own root

  /// Input i becomes input places[i].
  void rename_inputs(std::span<const size_t> places);

  /// As print() and parse() would leave it: the least step that tells the largest leaf in 16 bits.
  void round_leaves();

  /// JSON text (docs/formats/energy_model_v1.md, boosted trees); thresholds are exact, leaves rounded by round_leaves().
  std::string print(std::span<const std::string_view> input_names) const;
  /// Throws Error(invalid_input) naming what is wrong, Error(unsupported) for an input that is not among the names.
  static BoostedTrees parse(std::string_view json, std::span<const std::string_view> input_names);

 private:
  double base_ = 0;
  std::vector<uint32_t> roots_;
  std::vector<Node> nodes_;
};

}  // namespace wattlayer
