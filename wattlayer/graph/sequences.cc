#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/walk.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

}  // namespace

/// An element at a known place of a known sequence is the value that was put there: no node is needed.
bool Walk::walk_sequence(const onnx::Node& source, Scope& scope) {
  if (source.op != "SequenceAt" || source.outputs.empty() || source.outputs[0].empty()) return false;
  const int sequence = input_value(source, 0, scope), position = input_value(source, 1, scope);
  const auto at = sequences_.find(sequence);
  if (at == sequences_.end() || position < 0) return false;
  const auto value = result_.tensors[static_cast<size_t>(position)].value;
  if (!value || value->size() != 1) return false;
  const int64_t size = static_cast<int64_t>(at->second.size());
  const int64_t index = value->integer(0) < 0 ? value->integer(0) + size : value->integer(0);
  if (index < 0 || index >= size)
    invalid(fmt::format("node {} (SequenceAt): element {} of a sequence of {}", source.name, value->integer(0), size));
  define(scope, source.outputs[0], at->second[static_cast<size_t>(index)]);
  return true;
}

/// Notes the elements of sequences whose length is known; the tensor of a sequence holds one shape for all.
void Walk::keep_sequence(const onnx::Node& source, Scope& scope) {
  constexpr std::string_view operators[] = {"SequenceEmpty",   "SequenceConstruct", "SequenceInsert",
                                            "SplitToSequence", "Identity",          "ConcatFromSequence"};
  if (source.outputs.empty() || std::find(std::begin(operators), std::end(operators), source.op) == std::end(operators)) return;
  if (source.outputs[0].empty()) return;
  const int output = scope.values.at(source.outputs[0]);
  const int first = input_value(source, 0, scope);
  const auto known = sequences_.find(first);
  if (source.op == "SequenceEmpty") sequences_[output] = {};
  if (source.op == "SequenceConstruct")
    for (size_t i = 0; i < source.inputs.size(); ++i)
      if (const int element = input_value(source, i, scope); element >= 0) sequences_[output].push_back(element);
  if (source.op == "SplitToSequence" && first >= 0) split_sequence(source, first, input_value(source, 1, scope), output);
  if (known == sequences_.end()) return;
  std::vector<int> elements = known->second;
  if (source.op == "Identity") sequences_[output] = std::move(elements);
  if (source.op == "ConcatFromSequence") join_sequence(source, elements, output);
  if (source.op != "SequenceInsert" || elements.size() >= most_elements_of_sequence) return;
  const int position = input_value(source, 2, scope), added = input_value(source, 1, scope);
  if (added < 0) return;
  if (position < 0) elements.push_back(added);
  else {
    const auto value = result_.tensors[static_cast<size_t>(position)].value;
    const int64_t size = static_cast<int64_t>(elements.size());
    const int64_t index = value && value->size() == 1 ? value->integer(0) + (value->integer(0) < 0 ? size : 0) : -1;
    if (index < 0 || index > size) return;
    elements.insert(elements.begin() + index, added);
  }
  sequences_[output] = std::move(elements);
}

/// Elements of a split with known sizes, with their values where the whole is a known list.
void Walk::split_sequence(const onnx::Node& source, int input, int sizes, int output) {
  const Tensor whole = result_.tensors[static_cast<size_t>(input)];
  const onnx::NodeAttribute* axis = source.find("axis");
  const onnx::NodeAttribute* keep = source.find("keepdims");
  if (!whole.known || whole.shape.empty() || (keep && keep->value != Attribute(int64_t{1}) && sizes < 0)) return;
  const int64_t at = rules::axis(
      axis && axis->value && std::holds_alternative<int64_t>(*axis->value) ? std::get<int64_t>(*axis->value) : 0, whole.rank());
  const int64_t total = whole.shape[static_cast<size_t>(at)];
  if (total > static_cast<int64_t>(most_elements_of_sequence)) return;
  std::vector<int64_t> parts(static_cast<size_t>(total), 1);
  if (sizes >= 0) {
    const Tensor& given = result_.tensors[static_cast<size_t>(sizes)];
    if (!given.value || given.shape.size() != 1 || given.value->is_real) return;
    parts = given.value->integers;
  }
  std::vector<int> elements;
  int64_t begin = 0;
  for (int64_t part : parts) {
    if (part < 0 || part > total - begin) return;
    Tensor element = whole;
    element.shape[static_cast<size_t>(at)] = part;
    element.value = nullptr;
    if (whole.value && whole.rank() == 1 && !whole.value->is_real) {
      const auto from = whole.value->integers.begin() + begin;
      element.value = std::make_shared<Value>(Value::of(std::vector<int64_t>(from, from + part)));
    }
    elements.push_back(add_value("", std::move(element)));
    begin += part;
  }
  result_.graph.carried.push_back(output);
  sequences_[output] = std::move(elements);
}

/// The exact shape of joined elements, which may differ along the axis.
void Walk::join_sequence(const onnx::Node& source, const std::vector<int>& elements, int output) {
  const onnx::NodeAttribute* axis = source.find("axis");
  const onnx::NodeAttribute* added = source.find("new_axis");
  if (elements.empty() || !axis || !axis->value || !std::holds_alternative<int64_t>(*axis->value)) return;
  if (added && added->value != Attribute(int64_t{0})) return;
  Tensor joined = result_.tensors[static_cast<size_t>(elements[0])];
  if (!joined.known || joined.shape.empty()) return;
  const size_t at = static_cast<size_t>(rules::axis(std::get<int64_t>(*axis->value), joined.rank()));
  for (size_t i = 1; i < elements.size(); ++i) {
    const Tensor& element = result_.tensors[static_cast<size_t>(elements[i])];
    if (!element.known || element.rank() != joined.rank() || element.shape[at] > most_elements - joined.shape[at]) return;
    joined.shape[at] += element.shape[at];
  }
  check_size(joined);
  joined.value = nullptr;
  joined.constant = false;
  Node& node = result_.graph.nodes.back();
  auto& unresolved = result_.graph.unresolved;
  if (!unresolved.empty() && unresolved.back() == node.name) unresolved.pop_back();
  node.layer.outputs[0].shape = joined.shape;
  node.layer.outputs[0].known = true;
  node.inputs.insert(node.inputs.end(), elements.begin(), elements.end());
  result_.tensors[static_cast<size_t>(output)] = std::move(joined);
}

}  // namespace wattlayer
