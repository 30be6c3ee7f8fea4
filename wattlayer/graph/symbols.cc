#include "wattlayer/graph/symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_set>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

using Dimensions = std::map<std::string, int64_t, std::less<>>;

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

/// Sums, differences and products of names and numbers, as exporters write them: `past_sequence_length + 1`, `2*s0`.
class Expression {
 public:
  Expression(std::string_view text, const Dimensions& known) : rest_(text), known_(known) {}

  /// Nothing when a name has no value, or the text is no such expression.
  std::optional<int64_t> value() {
    auto result = sum();
    skip_space();
    return rest_.empty() ? result : std::nullopt;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int64_t> sum() {
    auto left = product();
    while (left) {
      const bool plus = take('+');
      if (!plus && !take('-')) return left;
      auto right = product();
      int64_t result = 0;
      if (!right || (plus ? __builtin_add_overflow(*left, *right, &result) : __builtin_sub_overflow(*left, *right, &result)))
        return std::nullopt;
      left = result;
    }
    return left;
  }
  std::optional<int64_t> product() {
    auto left = atom();
    while (left && take('*')) {
      auto right = atom();
      int64_t result = 0;
      if (!right || __builtin_mul_overflow(*left, *right, &result)) return std::nullopt;
      left = result;
    }
    return left;
  }
  std::optional<int64_t> atom() {
    skip_space();
    const size_t end = std::min(rest_.find_first_of(" +-*"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    int64_t number = 0;
    if (auto [last, status] = std::from_chars(word.data(), word.data() + word.size(), number);
        status == std::errc() && last == word.data() + word.size() && !word.empty())
      return number;
    auto at = known_.find(word);
    return at == known_.end() ? std::nullopt : std::optional(at->second);
  }

  std::string_view rest_;
  const Dimensions& known_;
};

std::optional<int64_t> size_of(const onnx::Dimension& dimension, const Dimensions& known) {
  if (dimension.size) return dimension.size;
  if (dimension.name.empty()) return std::nullopt;
  if (auto at = known.find(dimension.name); at != known.end()) return at->second;
  return Expression(dimension.name, known).value();
}

bool is_batch_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.starts_with("batch") || lower == "n" || lower == "b" || lower == "bs" || lower == "bsz" ||
         lower.ends_with("batch") || lower.ends_with("batch_size") || lower == "num_images";
}

std::string list(const std::set<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

void check_names(const std::vector<const onnx::ValueInfo*>& inputs, const ImportOptions& options) {
  std::set<std::string> input_names, dimension_names;
  for (const onnx::ValueInfo* info : inputs) {
    input_names.emplace(info->name);
    if (!info->shape) continue;
    for (const onnx::Dimension& d : *info->shape)
      if (!d.size && !d.name.empty()) dimension_names.emplace(d.name);
  }
  for (const auto& [name, shape] : options.inputs) {
    if (!input_names.contains(name))
      invalid(fmt::format("the network has no input '{}'; its inputs are {}", name, list(input_names)));
    for (int64_t d : shape)
      if (d < 0) invalid(fmt::format("input '{}' is given dimension {}; expected 0 or more", name, d));
  }
  for (const auto& given : options.dimensions) {
    const std::string& name = given.first;
    const int64_t size = given.second;
    if (!dimension_names.contains(name) && std::none_of(dimension_names.begin(), dimension_names.end(),
                                                        [&](const std::string& d) { return d.find(name) != d.npos; }))
      invalid(fmt::format("the network has no symbolic dimension '{}'; it has {}", name, list(dimension_names)));
    if (size < 0) invalid(fmt::format("dimension '{}' is given {}; expected 0 or more", name, size));
  }
}

/// A shape given by `--input` also tells the named dimensions in it.
void bind_given(const onnx::ValueInfo& info, const Shape& given, Dimensions& known) {
  if (!info.shape) return;
  if (info.shape->size() != given.size())
    invalid(fmt::format("input '{}' has {} dimensions, but {} are given ({})", info.name, info.shape->size(), given.size(),
                        rules::text(given)));
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string_view name = (*info.shape)[i].name;
    if ((*info.shape)[i].size || name.empty()) continue;
    auto [at, fresh] = known.emplace(name, given[i]);
    if (!fresh && at->second != given[i])
      invalid(fmt::format("dimension '{}' is {} elsewhere, but input '{}' is given {} for it", name, at->second, info.name,
                          given[i]));
  }
}

Shape bind_shape(const onnx::ValueInfo& info, Dimensions& known, std::vector<std::string>& remarks) {
  if (!info.shape) invalid(fmt::format("input '{0}' declares no shape; give one with --input {0}=1x3x224x224", info.name));
  Shape shape;
  for (size_t i = 0; i < info.shape->size(); ++i) {
    const onnx::Dimension& d = (*info.shape)[i];
    std::optional<int64_t> size = size_of(d, known);
    if (!size && (i == 0 || is_batch_name(d.name))) {
      size = 1;
      remarks.push_back(d.name.empty() ? fmt::format("input '{}': unnamed leading dimension assumed 1", info.name)
                                       : fmt::format("dimension '{}' assumed 1", d.name));
      if (!d.name.empty()) known.emplace(d.name, 1);
    }
    if (!size && d.name.empty())
      invalid(fmt::format("dimension {} of input '{}' has no size; give the whole shape with --input {}=...", i, info.name,
                          info.name));
    if (!size) invalid(fmt::format("dimension '{0}' of input '{1}' has no size; set it with --dim {0}=...", d.name, info.name));
    if (*size < 0)
      invalid(fmt::format("dimension '{}' of input '{}' comes out as {}; expected 0 or more", d.name, info.name, *size));
    shape.push_back(*size);
  }
  return shape;
}

}  // namespace

namespace {

/// Channels x height x width, as detectors take one image: its leading dimension is no batch.
bool is_single_image(const Shape& shape) { return shape.size() == 3 && shape[0] == 3 && shape[1] >= 16 && shape[2] >= 16; }

}  // namespace

BoundInputs bind_inputs(const onnx::Graph& graph, const ImportOptions& options) {
  BoundInputs bound;
  std::unordered_set<std::string_view> initialized;
  for (const onnx::StoredTensor& t : graph.initializers) initialized.insert(t.name);
  for (const onnx::ValueInfo& info : graph.inputs)
    if (!initialized.contains(info.name)) bound.declared.push_back(&info);
  check_names(bound.declared, options);
  for (const auto& [name, size] : options.dimensions) bound.dimensions[name] = size;
  auto given = [&](const onnx::ValueInfo& info) { return options.inputs.find(std::string(info.name)); };
  for (const onnx::ValueInfo* info : bound.declared)
    if (auto at = given(*info); at != options.inputs.end()) bind_given(*info, at->second, bound.dimensions);
  bool has_batch = false;
  for (const onnx::ValueInfo* info : bound.declared) {
    auto at = given(*info);
    const bool declares_none = info->is_sequence && at == options.inputs.end();
    Tensor tensor = Tensor::of({}, info->dtype);
    if (declares_none) tensor.known = false;
    else tensor.shape = at != options.inputs.end() ? at->second : bind_shape(*info, bound.dimensions, bound.remarks);
    if (!has_batch && !tensor.shape.empty())
      bound.batch = is_single_image(tensor.shape) ? 1 : tensor.shape.front(), has_batch = true;
    bound.tensors.push_back(std::move(tensor));
  }
  return bound;
}

BoundInputs bind_batch(const onnx::Graph& graph, const ImportOptions& options, const BoundInputs& bound, int64_t batch) {
  for (const Tensor& tensor : bound.tensors)
    if (is_single_image(tensor.shape))
      throw Error(ErrorKind::unsupported,
                  "batch " + std::to_string(batch) +
                      " cannot be set: the network takes one image of 3 channels; estimate it once for each image");
  ImportOptions changed = options;
  bool has_named_batch = false;
  for (const onnx::ValueInfo* info : bound.declared)
    for (const onnx::Dimension& d : info->shape.value_or(std::vector<onnx::Dimension>{}))
      if (!d.size && is_batch_name(d.name)) changed.dimensions[std::string(d.name)] = batch, has_named_batch = true;
  for (size_t i = 0; i < bound.declared.size(); ++i) {
    const onnx::ValueInfo& info = *bound.declared[i];
    Shape shape = bound.tensors[i].shape;
    const onnx::Dimension leading = info.shape && !info.shape->empty() ? info.shape->front() : onnx::Dimension{};
    const bool is_symbolic = !leading.size && !leading.name.empty();
    if (shape.empty() || shape.front() != bound.batch) continue;
    // Where another dimension is named like the batch, a leading one of another name (`sequence`) is not it.
    if (is_symbolic && has_named_batch && !is_batch_name(leading.name)) continue;
    if (is_symbolic) changed.dimensions[std::string(leading.name)] = batch;
    auto at = changed.inputs.find(std::string(info.name));
    if (at != changed.inputs.end()) at->second.front() = batch;
  }
  BoundInputs result = bind_inputs(graph, changed);
  for (size_t i = 0; i < result.declared.size(); ++i) {
    Shape& shape = result.tensors[i].shape;
    const onnx::ValueInfo& info = *result.declared[i];
    const bool is_fixed = info.shape && !info.shape->empty() && (info.shape->front().size || info.shape->front().name.empty());
    if (!shape.empty() && is_fixed && shape.front() == bound.batch && bound.tensors[i].shape == shape) shape.front() = batch;
  }
  result.batch = batch;
  return result;
}

std::optional<Shape> declared_shape(const onnx::ValueInfo& info, const Dimensions& dimensions) {
  if (!info.shape || info.is_sequence) return std::nullopt;
  Shape shape;
  for (const onnx::Dimension& d : *info.shape) {
    const auto size = size_of(d, dimensions);
    if (!size || *size < 0) return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

}  // namespace wattlayer
