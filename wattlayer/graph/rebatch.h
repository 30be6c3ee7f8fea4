#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/layer.h"
#include "wattlayer/graph/shape_inference.h"

namespace wattlayer {

/// Where the batch stands in a tensor: as a factor of one dimension, with `inner` elements of that dimension inside it.
/// In 4*64x49x96 (windows of an image) the factor is in dimension 0 and `inner` is 64.
struct BatchFactor {
  static constexpr int64_t none = -1, unclear = -2;
  int64_t dimension = none;  ///< `unclear`: the tensor follows the batch, but not as one factor
  int64_t inner = 1;
};

/// The shape that a reshape of a batch has at another batch: the factor keeps its place in row-major order.
/// Nothing when the factor does not lie inside one dimension of `target`.
struct MovedFactor {
  Shape shape;
  BatchFactor factor;
};
std::optional<MovedFactor> move_factor(const Shape& source, BatchFactor factor, const Shape& target, int64_t from, int64_t to);

/// Infers layers at a new batch, with the same network at the file's own batch as the guide: exporters bake the batch into
/// constants of Reshape, Expand, Resize, Slice and Split, and these are rewritten. Value numbers of both runs are the same.
class Rebatch {
 public:
  Rebatch(const InferredGraph& reference, int64_t from, int64_t to) : reference_(reference), from_(from), to_(to) {}

  /// Tells the tensor of an input, a constant or a result that no infer() has made.
  void add_value(int value, const Tensor& tensor);

  /// Infers the outputs of a layer; `first_output` is the number that its first output is about to get. Throws
  /// Error(unsupported) where the batch cannot be set.
  void infer(Layer& layer, int opset, const std::vector<int>& inputs, int first_output);

  /// What the n-th If came to at the file's own batch.
  std::optional<Branch> branch(size_t n) const {
    return n < reference_.branches.size() ? std::optional(reference_.branches[n]) : std::nullopt;
  }

  /// Iterations of the n-th loop that was unrolled at the file's own batch.
  std::optional<double> unrolled(size_t n) const {
    return n < reference_.unrolled.size() ? std::optional(reference_.unrolled[n]) : std::nullopt;
  }

  /// Constants rewritten so far.
  int rewritten() const { return rewritten_; }

 private:
  struct Operand;
  const Tensor& reference(int value) const;
  BatchFactor factor(int value) const {
    return static_cast<size_t>(value) < factors_.size() ? factors_[static_cast<size_t>(value)] : BatchFactor{};
  }
  int64_t scaled(int64_t size) const { return size / from_ * to_; }
  std::optional<BatchFactor> find_factor(const Shape& before, const Shape& after, const std::vector<Operand>& operands) const;
  std::vector<Operand> operands(const Layer& layer, const std::vector<int>& inputs) const;

  bool rewrite(Layer& layer, const std::vector<Operand>& operands, int first_output);
  bool reshape(Layer& layer, const std::vector<Operand>& operands, const Tensor& before);
  void rewrite_sizes(Layer& layer, const std::vector<Operand>& operands);
  void rewrite_slice(Layer& layer, const Operand& x);
  void rewrite_groups(Layer& layer, const Operand& x) const;
  bool expand_batch(Layer& layer, const std::vector<Operand>& operands, const Tensor& before);
  bool retry(Layer& layer, std::vector<Operand>& operands, const Tensor& before);
  bool align(Layer& layer, const std::vector<Operand>& operands, const Tensor& before);
  bool align_scatter(Layer& layer, const std::vector<Operand>& operands);
  void keep(Layer& layer, const std::vector<Operand>& operands, int first_output);
  void check_kept(Layer& layer, Tensor& out, const Tensor& before, const std::vector<Operand>& operands);
  void set_constant(Layer& layer, size_t i, std::vector<int64_t> values);

  const InferredGraph& reference_;
  const int64_t from_, to_;
  std::vector<BatchFactor> factors_;
  int rewritten_ = 0;
};

}  // namespace wattlayer
