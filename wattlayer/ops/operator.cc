#include "wattlayer/ops/operator.h"

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/defs/all.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {

DataType arithmetic(const Layer& layer) {
  for (const auto* list : {&layer.inputs, &layer.outputs})
    for (const Tensor& t : *list)
      if (t.present && is_float(t.dtype)) return t.dtype;
  if (!layer.inputs.empty() && layer.inputs[0].present) return layer.inputs[0].dtype;
  return layer.outputs.empty() ? DataType::f32 : layer.outputs[0].dtype;
}
namespace {

std::vector<const Operator*> collect() {
  std::vector<const Operator*> all;
  for (auto operators : all_operators)
    for (const Operator& op : operators()) all.push_back(&op);
  std::sort(all.begin(), all.end(), [](const Operator* a, const Operator* b) { return a->name < b->name; });
  return all;
}

bool is_default(const Attribute& value, std::string_view otherwise) {
  if (otherwise.empty()) return false;
  auto same = [&](auto x) { return std::to_string(x) == otherwise; };
  if (auto* i = std::get_if<int64_t>(&value)) return same(*i);
  if (auto* s = std::get_if<std::string>(&value)) return *s == otherwise;
  if (auto* list = std::get_if<std::vector<int64_t>>(&value)) return std::all_of(list->begin(), list->end(), same);
  // Files hold attributes in single precision: 0.01 arrives as 0.009999999776.
  if (auto* d = std::get_if<double>(&value)) return static_cast<float>(*d) == std::strtof(otherwise.data(), nullptr);
  return false;
}

}  // namespace

std::string_view name(Family family) {
  static constexpr std::string_view names[] = {"conv",          "gemm",     "attention",  "recurrent",    "pool",
                                               "normalization", "softmax",  "activation", "elementwise",  "reduction",
                                               "embedding",     "copy",     "view",       "quantization", "control",
                                               "detection",     "sequence", "training"};
  return names[static_cast<size_t>(family)];
}

std::span<const Operator* const> catalogue() {
  static const std::vector<const Operator*> all = collect();
  return all;
}

const Operator* find_operator(std::string_view name) {
  const auto all = catalogue();
  auto at = std::lower_bound(all.begin(), all.end(), name, [](const Operator* op, std::string_view n) { return op->name < n; });
  return at != all.end() && (*at)->name == name ? *at : nullptr;
}

void strip_defaults(Layer& layer) {
  const Operator* op = find_operator(layer.op);
  if (!op) return;
  std::vector<std::string> drop;
  for (const auto& [name, value] : layer.attributes.items()) {
    auto info = std::find_if(op->attributes.begin(), op->attributes.end(),
                             [&name = name](const AttributeInfo& a) { return a.name == name; });
    if (info == op->attributes.end() || is_default(value, info->otherwise)) drop.push_back(name);
  }
  for (const std::string& name : drop) layer.attributes.erase(name);
}

void infer(Layer& layer, int opset) {
  const Operator* op = find_operator(layer.op);
  if (!op) {
    for (Tensor& out : layer.outputs) out.known = false;
    return;
  }
  if (layer.outputs.empty()) layer.outputs.emplace_back();
  if (op->normalize) op->normalize(layer, opset);
  op->shapes(layer);
  if (op->fold) op->fold(layer);
}

Cost cost(const Layer& layer) {
  const Operator* op = find_operator(layer.op);
  const auto known = [](const Tensor& t) { return !t.present || t.known; };
  const bool all_known = std::all_of(layer.inputs.begin(), layer.inputs.end(), known) &&
                         std::all_of(layer.outputs.begin(), layer.outputs.end(), known);
  return op && all_known ? op->cost(layer) : rules::moved(layer);
}

}  // namespace wattlayer
