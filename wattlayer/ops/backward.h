#pragma once
#include <string_view>
#include <vector>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// A tensor that a layer of the backward pass takes: of the forward layer, a gradient of its outputs, or made before.
struct GradientOperand {
  enum class From { absent, input, output, output_gradient, constant, step };
  From from = From::absent;
  int index = 0;   ///< of the input, output, constant or step
  int result = 0;  ///< of that step

  explicit operator bool() const { return from != From::absent; }
};

/// What the backward pass runs for one layer, in order, and where the gradients of its inputs are then.
struct Backward {
  struct Step {
    Layer layer;
    std::vector<GradientOperand> inputs;
  };
  std::vector<Step> steps;
  std::vector<Tensor> constants;
  std::vector<GradientOperand> gradients;  ///< of the forward layer's inputs; absent where nobody wants one or there is none
};

/// The backward pass of a layer whose shapes are known, in its form of training. `wanted`: inputs whose gradients are needed;
/// `given`: outputs that have one. An operator without a rule becomes one step of an operator outside the catalogue
/// (`TopK` -> `TopKGrad`), so that its bytes bound it.
Backward backward(const Layer& layer, const std::vector<bool>& wanted, const std::vector<bool>& given);

/// Put together by the rules of operators (ops/backward_rules.h).
class BackwardBuilder {
 public:
  using Operand = GradientOperand;
  using Item = Attributes::Item;

  BackwardBuilder(const Layer& layer, std::vector<bool> wanted, std::vector<bool> given);

  const Layer& layer() const { return layer_; }
  bool wants(size_t input) const { return input < wanted_.size() && wanted_[input]; }
  bool is_given(size_t output) const { return output < given_.size() && given_[output]; }
  Operand input(size_t i) const;
  Operand output(size_t i = 0) const;
  /// The gradient of output i; zeros where it has none.
  Operand gradient(size_t i = 0);
  const Tensor& tensor(Operand operand) const;
  const Shape& shape(Operand operand) const { return tensor(operand).shape; }

  /// Appends a layer with one output and infers its shape.
  Operand add(std::string_view op, const std::vector<Operand>& inputs, const std::vector<Item>& attributes = {});
  /// As above, with several outputs of which some may be left out; the first of them.
  Operand add(std::string_view op, const std::vector<Operand>& inputs, const std::vector<Item>& attributes,
              const std::vector<bool>& outputs);
  static Operand result(Operand step, int i) { return {step.from, step.index, i}; }
  Operand integers(std::vector<int64_t> values);
  Operand scalar(double value);
  Operand reshape(Operand x, const Shape& shape);
  /// The last two dimensions swapped.
  Operand swapped(Operand x);
  /// Summed over the dimensions that broadcasting repeated.
  Operand reduced(Operand x, const Shape& shape);

  /// The gradient of an input; summed to its shape where it was broadcast.
  void give(size_t input, Operand gradient);

  /// There is no rule for this form: its bytes bound it.
  void give_up() { gave_up_ = true; }
  bool gave_up() const { return gave_up_; }

  Backward finish() { return std::move(out_); }

 private:
  Operand constant(Tensor tensor);

  const Layer& layer_;
  std::vector<bool> wanted_, given_;
  std::vector<Tensor> gradients_;  ///< of the outputs
  Backward out_;
  bool gave_up_ = false;
};

}  // namespace wattlayer
