#include "wattlayer/bench/runner_request.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/bench/value_ranges.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_call.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

/// JSON has no infinities: they are texts.
Json number(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

Json numbers(const std::vector<double>& list) {
  Json out = Json::array();
  for (double x : list) out.push_back(number(x));
  return out;
}

std::string_view stored(DataType dtype) { return name(dtype == DataType::tf32 ? DataType::f32 : dtype); }

Json to_json(const Operand& operand) {
  if (operand.from == Operand::From::absent) return nullptr;
  if (operand.from == Operand::From::input) return {{"input", operand.index}};
  Json out = {{"call", operand.index}};
  if (operand.result > 0) out["result"] = operand.result;
  return out;
}

Json operands(const std::vector<Operand>& list) {
  Json out = Json::array();
  for (const Operand& operand : list) out.push_back(to_json(operand));
  return out;
}

Json to_json(const AtenValue& value) {
  return std::visit(
      [](const auto& v) -> Json {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return {{"value", nullptr}};
        else if constexpr (std::is_same_v<T, double>) return {{"value", number(v)}};
        else if constexpr (std::is_same_v<T, std::vector<double>>) return {{"value", numbers(v)}};
        else if constexpr (std::is_same_v<T, DataType>) return {{"dtype", stored(v)}};
        else return {{"value", v}};
      },
      value);
}

Json to_json(const AtenArgument& argument) {
  Json out;
  if (const auto* one = std::get_if<Operand>(&argument.value)) {
    out = to_json(*one);
    if (out.is_null()) out = {{"value", nullptr}};
  } else if (const auto* list = std::get_if<std::vector<Operand>>(&argument.value)) {
    out = {{"tensors", operands(*list)}};
  } else {
    out = to_json(std::get<AtenValue>(argument.value));
  }
  out["name"] = argument.name;
  return out;
}

Json to_json(const AtenCalls& calls) {
  Json list = Json::array();
  for (const AtenCall& call : calls.calls) {
    Json arguments = Json::array();
    for (const AtenArgument& a : call.arguments) arguments.push_back(to_json(a));
    list.push_back({{"aten", call.aten}, {"arguments", std::move(arguments)}});
    if (call.once) list.back()["once"] = true;
  }
  return {{"calls", std::move(list)}, {"outputs", operands(calls.outputs)}};
}

/// The values that the nodes name, renumbered from 0 in the order of their first appearance.
class Values {
 public:
  explicit Values(const Graph& graph) : graph_(graph), ranges_(value_ranges(graph)), number_(graph.values.size(), -1) {
    fed_.resize(graph.values.size());
    for (int v : graph.inputs) fed_[static_cast<size_t>(v)] = true;
  }

  /// The number of a value; -1 where it is absent.
  int add(int value, const Tensor& tensor, bool computed) {
    if (value < 0) return -1;
    const auto v = static_cast<size_t>(value);
    if (number_[v] >= 0) return number_[v];
    if (!tensor.known)
      throw Error(ErrorKind::unsupported, graph_.name + ": the shape of " + graph_.values[v] + " is not known; it cannot be run");
    Json row = {{"name", graph_.values[v]}, {"dtype", stored(tensor.dtype)}, {"shape", tensor.shape}};
    if (computed) {
      row["role"] = "computed";
    } else if (tensor.value && !fed_[v]) {
      row["role"] = "known";
      row["elements"] = tensor.value->is_real ? numbers(tensor.value->reals) : Json(tensor.value->integers);
    } else {
      row["role"] = fed_[v] ? "input" : "weight";
      row["low"] = ranges_[v].low;
      row["high"] = ranges_[v].high;
    }
    list_.push_back(std::move(row));
    return number_[v] = static_cast<int>(list_.size()) - 1;
  }

  int find(int value) const { return number_[static_cast<size_t>(value)]; }
  Json take() { return std::move(list_); }

 private:
  const Graph& graph_;
  std::vector<ValueRange> ranges_;
  std::vector<int> number_;
  std::vector<bool> fed_;
  Json list_ = Json::array();
};

Json attributes_of(const Layer& layer) {
  Json out = Json::object();
  for (const auto& [key, value] : layer.attributes.items())
    std::visit(
        [&, k = key](const auto& v) {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>) out[k] = number(v);
          else if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<double>>) out[k] = numbers(v);
          else out[k] = v;
        },
        value);
  return out;
}

Json to_json(const Node& node, Values& values) {
  Json inputs = Json::array(), outputs = Json::array();
  for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(values.add(node.inputs[i], node.layer.input(i), false));
  for (size_t i = 0; i < node.outputs.size(); ++i) outputs.push_back(values.add(node.outputs[i], node.layer.output(i), true));
  Json out = {{"layer", print(node.layer)},     {"op", node.layer.op},           {"attributes", attributes_of(node.layer)},
              {"inputs", std::move(inputs)},    {"outputs", std::move(outputs)}, {"count", node.count},
              {"in_place", node.layer.in_place}};
  try {
    if (const AtenCalls calls = aten_calls(node.layer); !calls.calls.empty()) out["call"] = to_json(calls);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unsupported) throw;
    out["no_call"] = e.what();
  }
  return out;
}

}  // namespace

std::string prepare_request(const Task& task, const Preparation& preparation) {
  Values values(task.graph);
  Json nodes = Json::array(), outputs = Json::array();
  for (const Node& node : task.graph.nodes) nodes.push_back(to_json(node, values));
  for (int value : task.graph.outputs)
    if (const int number = values.find(value); number >= 0) outputs.push_back(number);
  return Json{{"name", task.workload.name},       {"device", preparation.device},
              {"dtype", name(preparation.dtype)}, {"warm_cache", preparation.warm_cache},
              {"seed", preparation.seed},         {"threads", preparation.threads},
              {"values", values.take()},          {"nodes", std::move(nodes)},
              {"outputs", std::move(outputs)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wattlayer
