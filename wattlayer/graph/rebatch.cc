#include "wattlayer/graph/rebatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

int64_t product_after(const Shape& shape, int64_t dimension) {
  int64_t product = 1;
  for (size_t i = static_cast<size_t>(dimension) + 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

template <size_t n>
bool any_of(const std::array<std::string_view, n>& list, std::string_view op) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

/// These read shapes or reduce the batch away; their result need not follow it.
bool may_lose_batch(std::string_view op) {
  static constexpr std::array<std::string_view, 8> free = {"Shape",   "Size",     "ArgMax",          "ArgMin",
                                                           "NonZero", "Constant", "ConstantOfShape", "SequenceLength"};
  return any_of(free, op) || op.starts_with("Reduce");
}

bool is_elementwise(std::string_view op) {
  const Operator* known = find_operator(op);
  return known && (known->family == Family::elementwise || known->family == Family::activation);
}

bool same_value(const Tensor& a, const Tensor& b) { return a.value && b.value && *a.value == *b.value; }

}  // namespace

std::optional<MovedFactor> move_factor(const Shape& source, BatchFactor factor, const Shape& target, int64_t from, int64_t to) {
  if (factor.dimension < 0 || elements(source) == 0 || elements(source) != elements(target)) return std::nullopt;
  const int64_t stride = factor.inner * product_after(source, factor.dimension);  // elements inside the factor
  int best = 0;
  MovedFactor moved;
  for (int64_t j = 0; j < static_cast<int64_t>(target.size()); ++j) {
    const int64_t size = target[static_cast<size_t>(j)], after = product_after(target, j);
    if (stride % after != 0 || (size * after) % (stride * from) != 0) continue;
    const int64_t inner = stride / after;
    // Best is a dimension that is the batch alone, then one whose outermost factor is the batch (heads, windows), then the
    // innermost factor (steps x batch); features stand last and never hold it while there is a choice.
    const bool is_last = j + 1 == static_cast<int64_t>(target.size());
    const int place = size == from && inner == 1 ? 4 : inner * from != size ? 2 : is_last ? 1 : 3;
    const int fit = place * 2 + (j == factor.dimension);
    if (fit <= best) continue;
    best = fit;
    moved.factor = {j, inner};
  }
  if (best == 0) return std::nullopt;
  moved.shape = target;
  int64_t& size = moved.shape[static_cast<size_t>(moved.factor.dimension)];
  size = size / from * to;
  return moved;
}

/// An input in both runs.
struct Rebatch::Operand {
  size_t index;
  const Tensor* before = nullptr;  ///< at the file's batch; nullptr when absent
  Tensor* now = nullptr;
  BatchFactor factor;

  bool follows() const { return factor.dimension != BatchFactor::none; }
};

const Tensor& Rebatch::reference(int value) const {
  if (static_cast<size_t>(value) < reference_.tensors.size()) return reference_.tensors[static_cast<size_t>(value)];
  throw Error(ErrorKind::unsupported, fmt::format("the number of values follows the batch; export the network at batch {}", to_));
}

void Rebatch::add_value(int value, const Tensor& tensor) {
  factors_.resize(static_cast<size_t>(value) + 1);
  const Tensor& before = reference(value);
  if (!tensor.present || !tensor.known || !before.known || tensor.shape == before.shape) return;
  factors_.back() = find_factor(before.shape, tensor.shape, {}).value_or(BatchFactor{BatchFactor::unclear, 1});
}

/// The one dimension that grew with the batch; `inner` as in the operand that it came from, else outermost.
std::optional<BatchFactor> Rebatch::find_factor(const Shape& before, const Shape& after,
                                                const std::vector<Operand>& operands) const {
  if (before.size() != after.size()) return std::nullopt;
  BatchFactor found;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    if (found.dimension != BatchFactor::none || before[i] % from_ != 0 || after[i] != scaled(before[i])) return std::nullopt;
    found = {static_cast<int64_t>(i), before[i] / from_};
  }
  if (found.dimension == BatchFactor::none) return found;
  for (const Operand& x : operands)
    if (x.factor.dimension >= 0 &&
        x.before->shape[static_cast<size_t>(x.factor.dimension)] == before[static_cast<size_t>(found.dimension)])
      return BatchFactor{found.dimension, x.factor.inner};
  return found;
}

std::vector<Rebatch::Operand> Rebatch::operands(const Layer& layer, const std::vector<int>& inputs) const {
  std::vector<Operand> list;
  for (size_t i = 0; i < inputs.size() && i < layer.inputs.size(); ++i)
    if (inputs[i] >= 0) list.push_back({i, &reference(inputs[i]), const_cast<Tensor*>(&layer.inputs[i]), factor(inputs[i])});
  return list;
}

void Rebatch::set_constant(Layer& layer, size_t i, std::vector<int64_t> values) {
  layer.inputs[i].value = std::make_shared<Value>(Value::of(std::move(values)));
  ++rewritten_;
}

void Rebatch::infer(Layer& layer, int opset, const std::vector<int>& inputs, int first_output) {
  if (const Operator* op = find_operator(layer.op); op && op->normalize) op->normalize(layer, opset);
  std::vector<Operand> all = operands(layer, inputs);
  const size_t outputs = layer.outputs.size();
  constexpr int newest = 1000;
  // Where the shape is not known at the file's own batch either, there is nothing to go by.
  if (static_cast<size_t>(first_output) >= reference_.tensors.size() || !reference(first_output).known)
    return wattlayer::infer(layer, newest);
  if (!rewrite(layer, all, first_output)) {
    try {
      wattlayer::infer(layer, newest);
    } catch (const Error& e) {
      if (!retry(layer, all, reference(first_output)))
        throw Error(ErrorKind::unsupported,
                    fmt::format("cannot be set to batch {}: {}; export the network at that batch", to_, e.what()));
    }
  }
  layer.outputs.resize(outputs);
  keep(layer, all, first_output);
}

/// First takes back what expand_batch() guessed about constants, then gives the new batch to operands that stayed behind.
bool Rebatch::retry(Layer& layer, std::vector<Operand>& operands, const Tensor& before) {
  auto works = [&] {
    try {
      wattlayer::infer(layer, 1000);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  bool guessed = false;
  for (Operand& x : operands) {
    if (!x.now->constant || x.factor.dimension < 0) continue;
    x.now->shape = x.before->shape;
    x.factor = {};
    guessed = true;
  }
  if (guessed && works()) return true;
  return align(layer, operands, before) && works();
}

/// Corrects what the exporter baked in; true when the outputs are set already.
bool Rebatch::rewrite(Layer& layer, const std::vector<Operand>& operands, int first_output) {
  if (operands.empty()) return false;
  const Operand& x = operands.front();
  const Tensor& before = reference(first_output);
  const std::string_view op = layer.op;
  if (op == "Expand" || op == "Tile") return expand_batch(layer, operands, before);
  if (x.index != 0 || !x.follows()) return false;
  if (op == "Reshape") return reshape(layer, operands, before);
  if (x.factor.dimension < 0) return false;
  if (op == "Flatten" || op == "DepthToSpace") return false;
  if (op == "Resize" || op == "Split") rewrite_sizes(layer, operands);
  if (op == "Slice") rewrite_slice(layer, x);
  if (op == "Conv" || op == "ConvTranspose") rewrite_groups(layer, x);
  return false;
}

/// A target that changed with the batch was computed from shapes and is right; any other was written for the old batch.
bool Rebatch::reshape(Layer& layer, const std::vector<Operand>& operands, const Tensor& before) {
  const Operand& x = operands.front();
  if (!before.known || operands.size() < 2 || !x.before->known) return false;
  const Operand& target = operands[1];
  if (!target.before->value || !target.now->value) return false;
  const auto moved = move_factor(x.before->shape, x.factor, before.shape, from_, to_);
  if (!same_value(*target.before, *target.now)) {
    try {
      wattlayer::infer(layer);
      if (layer.outputs[0].known && elements(layer.outputs[0].shape) == x.now->elements()) return true;
    } catch (const Error&) {
      if (!moved) throw;
    }
  }
  if (!moved)
    throw Error(ErrorKind::unsupported, fmt::format("the batch cannot be followed from {} to {}; export the network at batch {}",
                                                    rules::text(x.before->shape), rules::text(before.shape), to_));
  set_constant(layer, target.index, moved->shape);
  layer.attributes.erase("allowzero");
  wattlayer::infer(layer);
  return true;
}

/// Sizes written for the old batch: those of Resize, the parts of Split.
void Rebatch::rewrite_sizes(Layer& layer, const std::vector<Operand>& operands) {
  const Operand& x = operands.front();
  const size_t index = layer.op == "Resize" ? 3 : 1;
  for (const Operand& sizes : operands) {
    if (sizes.index != index || !sizes.now->value || !sizes.before->value || !same_value(*sizes.before, *sizes.now)) continue;
    std::vector<int64_t> values = sizes.now->value->integers;
    const size_t dimension = static_cast<size_t>(x.factor.dimension);
    if (layer.op == "Split") {
      if (rules::axis(layer.attributes.integer("axis", 0), x.now->rank()) != x.factor.dimension) return;
      if (std::any_of(values.begin(), values.end(), [&](int64_t v) { return v % from_ != 0; })) return;
      for (int64_t& v : values) v = scaled(v);
    } else {
      if (layer.attributes.has("axes") || dimension >= values.size() || values[dimension] != x.before->shape[dimension]) return;
      values[dimension] = x.now->shape[dimension];
    }
    set_constant(layer, index, std::move(values));
  }
}

/// A slice that took the whole batch takes the whole new one.
void Rebatch::rewrite_slice(Layer& layer, const Operand& x) {
  auto list = [&](size_t i) {
    return layer.has_input(i) && layer.inputs[i].value ? layer.inputs[i].value->integers : std::vector<int64_t>{};
  };
  std::vector<int64_t> starts = list(1), ends = list(2), axes = list(3), steps = list(4);
  const int64_t size = x.before->shape[static_cast<size_t>(x.factor.dimension)];
  for (size_t i = 0; i < starts.size() && i < ends.size(); ++i) {
    const int64_t axis = rules::axis(i < axes.size() ? axes[i] : static_cast<int64_t>(i), x.now->rank());
    const bool from_start = (starts[i] == 0 || starts[i] == -size) && (i >= steps.size() || steps[i] == 1);
    if (axis != x.factor.dimension || !from_start || (ends[i] != size && ends[i] != from_)) continue;
    starts[i] = 0;
    ends[i] = scaled(ends[i]);
    set_constant(layer, 1, starts);
    set_constant(layer, 2, ends);
  }
}

/// Networks that fold the batch into the channels of a grouped convolution (a kernel a sample).
void Rebatch::rewrite_groups(Layer& layer, const Operand& x) const {
  if (x.factor.dimension == 1) layer.attributes.set("group", scaled(layer.attributes.integer("group", 1) * from_) / from_);
}

/// `token.expand(batch, -1, -1)` at batch 1 leaves an Expand or Tile that does nothing but name the batch.
bool Rebatch::expand_batch(Layer& layer, const std::vector<Operand>& operands, const Tensor& before) {
  const bool moved = std::any_of(operands.begin(), operands.end(), [](const Operand& o) { return o.follows(); });
  // Integers are indices and masks: they broadcast, and a batch in them would only spread.
  if (operands.front().index != 0 || !is_float(operands.front().now->dtype)) return false;
  if (moved || operands.size() < 2 || !before.known || before.shape.empty() || before.shape[0] != from_) return false;
  if (!same_value(*operands[1].before, *operands[1].now)) return false;
  const Shape& source = operands[0].now->shape;
  if (source.size() >= before.shape.size() && source != before.shape) return false;
  Shape target = before.shape;
  target[0] = to_;
  Tensor grown = *operands[0].now;
  if (source.size() == target.size() && source[0] != 1) layer.inputs[0].shape[0] = 1;
  if (layer.op == "Tile") {
    std::vector<int64_t> repeats = operands[1].now->value->integers;
    if (repeats.empty() || source[0] != 1) return false;
    repeats[0] = to_;
    set_constant(layer, 1, std::move(repeats));
  } else {
    set_constant(layer, 1, target);
    layer.inputs[1].shape = {static_cast<int64_t>(target.size())};
  }
  wattlayer::infer(layer);
  return true;
}

/// Operands that stayed at the old batch (a constant, a token expanded at batch 1) take the new one.
bool Rebatch::align(Layer& layer, const std::vector<Operand>& operands, const Tensor& before) {
  if (!before.known) return false;
  if (layer.op == "ScatterND") return align_scatter(layer, operands);
  const bool concat = layer.op == "Concat";
  const bool recurrent = layer.op == "LSTM" || layer.op == "GRU" || layer.op == "RNN";
  if (!concat && !recurrent && layer.op != "MatMul" && layer.op != "Where" && !is_elementwise(layer.op)) return false;
  const int64_t rank = before.rank();
  bool changed = false;
  for (const Operand& leader : operands) {
    if (leader.factor.dimension < 0) continue;
    const int64_t from_right = leader.now->rank() - leader.factor.dimension;
    const int64_t old_size = leader.before->shape[static_cast<size_t>(leader.factor.dimension)];
    const int64_t new_size = leader.now->shape[static_cast<size_t>(leader.factor.dimension)];
    if (concat && leader.factor.dimension == rules::axis(layer.attributes.integer("axis", 0), rank)) continue;
    for (const Operand& x : operands) {
      if (x.follows() || !x.now->known) continue;
      const int64_t at = recurrent ? (x.index >= 5 ? 1 : -1) : x.now->rank() - from_right;
      if (at < 0 || at >= x.now->rank()) continue;
      int64_t& size = x.now->shape[static_cast<size_t>(at)];
      if (size == new_size || size != old_size) continue;
      size = new_size;
      x.now->value = nullptr;
      changed = true;
    }
  }
  rewritten_ += changed;
  return changed;
}

/// Indices that were spread over the old batch reach the rows of the new one.
bool Rebatch::align_scatter(Layer& layer, const std::vector<Operand>& operands) {
  if (operands.size() < 3 || !operands[1].now->known || operands[2].factor.dimension < 0) return false;
  const size_t dimension = static_cast<size_t>(operands[2].factor.dimension);
  Shape& indices = operands[1].now->shape;
  if (dimension + 1 >= indices.size() || indices[dimension] != operands[2].before->shape[dimension]) return false;
  indices[dimension] = layer.input(2).shape[dimension];
  operands[1].now->value = nullptr;
  ++rewritten_;
  return true;
}

/// Notes where the batch stands in the outputs; refuses a result that has lost it.
void Rebatch::keep(Layer& layer, const std::vector<Operand>& operands, int first_output) {
  int value = first_output;
  for (Tensor& out : layer.outputs) {
    if (!out.present) continue;
    factors_.resize(static_cast<size_t>(value) + 1);
    const Tensor& before = reference(value);
    BatchFactor& factor = factors_[static_cast<size_t>(value++)];
    if (!before.known) continue;
    check_kept(layer, out, before, operands);
    if (!out.known) continue;
    if (layer.op == "Reshape" && operands.front().factor.dimension >= 0) {
      if (auto moved = move_factor(operands.front().before->shape, operands.front().factor, before.shape, from_, to_);
          moved && moved->shape == out.shape) {
        factor = moved->factor;
        continue;
      }
    }
    factor = find_factor(before.shape, out.shape, operands).value_or(BatchFactor{BatchFactor::unclear, 1});
  }
}

void Rebatch::check_kept(Layer& layer, Tensor& out, const Tensor& before, const std::vector<Operand>& operands) {
  if (out.known && out.shape != before.shape) return;
  if (may_lose_batch(layer.op)) return;
  for (const Operand& x : operands) {
    if (x.factor.dimension < 0 || x.now->constant) continue;
    const size_t dimension = static_cast<size_t>(x.factor.dimension);
    if (before.shape.size() == x.before->shape.size() && before.shape[dimension] == x.before->shape[dimension]) {
      out.shape = before.shape;
      out.dtype = out.known ? out.dtype : before.dtype;
      out.shape[dimension] = x.now->shape[dimension];
      out.value = nullptr;
      out.known = true;
      ++rewritten_;
      return;
    }
    throw Error(ErrorKind::unsupported, fmt::format("the batch is lost between {} and {}; export the network at batch {}",
                                                    rules::text(x.now->shape), rules::text(before.shape), to_));
  }
}

}  // namespace wattlayer
