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

/// MACs of the nodes from `from` on, with bytes as the tie-break between branches without any.
double Walk::price(size_t from) const {
  double total = 0;
  for (size_t i = from; i < result_.graph.nodes.size(); ++i) {
    const Node& node = result_.graph.nodes[i];
    if (node.folded) continue;
    const Cost c = rules::moved(node.layer);
    const bool known =
        std::all_of(node.layer.outputs.begin(), node.layer.outputs.end(), [](const Tensor& t) { return !t.present || t.known; });
    total += node.count * ((known && node.in_catalogue ? cost(node.layer).macs : 0) +
                           1e-3 * (c.input_bytes + c.weight_bytes + c.output_bytes));
  }
  return total;
}

void Walk::expand_function(const onnx::Function& function, const onnx::Node& call, Scope& scope, const Place& place) {
  Scope inner;
  Place body = place;
  body.opsets = &function.opsets;
  body.arguments = &call.attributes;
  body.function = &function;
  body.prefix = node_name(call, place) + "/";
  body.depth = place.depth + 1;
  std::vector<onnx::NodeAttribute> passed_on;
  if (place.arguments) passed_on = bound_arguments(call, place), body.arguments = &passed_on;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const int value = input_value(call, i, scope);
    inner.values.emplace(function.inputs[i], value >= 0 ? value : add_value("", Tensor::absent()));
  }
  walk_body(function.nodes, inner, body);
  for (size_t i = 0; i < std::min(function.outputs.size(), call.outputs.size()); ++i) {
    if (call.outputs[i].empty()) continue;
    const auto value = inner.find(function.outputs[i]);
    if (!value) invalid(fmt::format("function {}: output '{}' is produced by no node", function.name, function.outputs[i]));
    define(scope, call.outputs[i], *value);
  }
}

/// Attributes of a call inside a function: references are replaced by what the outer call passes.
std::vector<onnx::NodeAttribute> Walk::bound_arguments(const onnx::Node& call, const Place& place) const {
  std::vector<onnx::NodeAttribute> bound;
  for (const onnx::NodeAttribute& written : call.attributes) {
    const onnx::NodeAttribute* attribute = resolve(written, place);
    if (!attribute) continue;
    bound.push_back(*attribute);
    bound.back().name = written.name;
    bound.back().reference = {};
  }
  return bound;
}

const onnx::Graph& Walk::body(const onnx::Node& source, std::string_view name, const Place& place) const {
  const onnx::NodeAttribute* attribute = source.find(name);
  if (attribute) attribute = resolve(*attribute, place);
  if (!attribute || attribute->graphs.empty())
    invalid(fmt::format("node {} ({}): attribute {} holds no graph", node_name(source, place), source.op, name));
  return *attribute->graphs.front();
}

void Walk::expand_if(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const int condition = input_value(source, 0, scope);
  const auto value = condition < 0 ? nullptr : result_.tensors[static_cast<size_t>(condition)].value;
  auto walk_branch = [&](std::string_view branch) {
    Scope inner{&scope, {}};
    Place inside = place;
    inside.prefix = fmt::format("{}/{}/", name, branch == "then_branch" ? "then" : "else");
    inside.depth = place.depth + 1;
    return walk_graph(body(source, branch, place), inner, inside);
  };
  auto finish = [&](const std::vector<int>& outputs) {
    for (size_t i = 0; i < std::min(outputs.size(), source.outputs.size()); ++i)
      if (!source.outputs[i].empty()) define(scope, source.outputs[i], outputs[i]);
  };
  // At another batch the network keeps the branches of its own batch, so that both runs number values alike.
  std::optional<Branch> reference;
  if (rebatch_) reference = rebatch_->branch(result_.branches.size());
  const bool known = value && value->size() == 1;
  if (reference ? *reference <= Branch::else_ : known) {
    const bool takes_then = reference ? *reference == Branch::then : value->integer(0) != 0;
    result_.branches.push_back(takes_then ? Branch::then : Branch::else_);
    return finish(walk_branch(takes_then ? "then_branch" : "else_branch"));
  }

  Graph& graph = result_.graph;
  const size_t start = graph.nodes.size(), unresolved = graph.unresolved.size();
  const std::vector<int> then_outputs = walk_branch("then_branch");
  const double then_price = price(start);
  const auto middle = static_cast<std::ptrdiff_t>(graph.nodes.size());
  const auto unresolved_middle = static_cast<std::ptrdiff_t>(graph.unresolved.size());
  const std::vector<int> else_outputs = walk_branch("else_branch");
  const bool takes_then = reference ? *reference == Branch::costlier_then : then_price >= price(static_cast<size_t>(middle));
  result_.branches.push_back(takes_then ? Branch::costlier_then : Branch::costlier_else);
  auto keep = [&](auto& list, size_t from, std::ptrdiff_t between) {
    const auto begin = list.begin() + static_cast<std::ptrdiff_t>(from);
    if (takes_then) list.erase(list.begin() + between, list.end());
    else list.erase(begin, list.begin() + between);
  };
  keep(graph.nodes, start, middle);
  keep(graph.unresolved, unresolved, unresolved_middle);
  remark(fmt::format("node {} (If): the condition is not known before the run; the more expensive branch ({}) is counted", name,
                     takes_then ? "then" : "else"));
  finish(takes_then ? then_outputs : else_outputs);
}

}  // namespace wattlayer
