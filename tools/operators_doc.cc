// Prints the operator catalogue: Markdown for docs/operators.md, or with --json every example with its shapes, attributes,
// cost and ATen call for tools/check_operators.py and tools/check_run.py. With --infer: reads such layers (op, opset, inputs,
// attributes, number of outputs) as JSON from the standard input and prints them with the shapes that the catalogue gives.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace {

using namespace wattlayer;
using Json = nlohmann::ordered_json;

Json to_json(const Tensor& tensor) {
  if (!tensor.present) return nullptr;
  Json out = {{"dtype", name(tensor.dtype)}, {"shape", tensor.shape}, {"constant", tensor.constant}};
  if (!tensor.known) out["known"] = false;
  if (tensor.bounded) out["bounded"] = true;
  if (tensor.value) out["value"] = tensor.value->is_real ? Json(tensor.value->reals) : Json(tensor.value->integers);
  return out;
}

Json to_json(const Cost& c) {
  return {{"macs", c.macs},
          {"flops", c.flops},
          {"special", c.special},
          {"input_bytes", c.input_bytes},
          {"weight_bytes", c.weight_bytes},
          {"output_bytes", c.output_bytes},
          {"parameters", c.parameters},
          {"steps", c.steps},
          {"product", {c.groups, c.m, c.n, c.k}}};
}

Json to_json(const Layer& layer) {
  Json out = {{"layer", print(layer)},
              {"dtype", name(layer.dtype)},
              {"attributes", Json::object()},
              {"inputs", Json::array()},
              {"outputs", Json::array()}};
  for (const auto& [key, value] : layer.attributes.items())
    std::visit([&, k = key](const auto& v) { out["attributes"][k] = v; }, value);
  for (const Tensor& in : layer.inputs) out["inputs"].push_back(to_json(in));
  for (const Tensor& t : layer.outputs) out["outputs"].push_back(to_json(t));
  out["cost"] = to_json(cost(layer));
  return out;
}

std::string_view source_name(RunArgument::Source source) {
  switch (source) {
    case RunArgument::Source::input:
      return "input";
    case RunArgument::Source::flat_input:
      return "flat_input";
    case RunArgument::Source::inputs_from:
      return "inputs_from";
    case RunArgument::Source::input_value:
      return "input_value";
    case RunArgument::Source::input_dims:
      return "input_dims";
    case RunArgument::Source::attribute:
      return "attribute";
    case RunArgument::Source::pads:
      return "pads";
    case RunArgument::Source::constant:
      return "constant";
    case RunArgument::Source::output_shape:
      return "output_shape";
    case RunArgument::Source::output_dtype:
      return "output_dtype";
    case RunArgument::Source::spatial_output:
      return "spatial_output";
    case RunArgument::Source::equals:
      return "equals";
  }
  return "unknown";
}

Json to_json(const Operator& op) {
  Json out = {{"name", op.name}, {"family", name(op.family)}, {"in_place", op.can_run_in_place}, {"attributes", Json::object()}};
  for (const AttributeInfo& a : op.attributes)
    out["attributes"][std::string(a.name)] = a.otherwise.empty() ? Json(nullptr) : Json(a.otherwise);
  if (!op.run.aten.empty() && !op.calls) {
    out["run"] = {{"aten", op.run.aten}, {"arguments", Json::array()}};
    for (const RunArgument& a : op.run.arguments)
      out["run"]["arguments"].push_back({{"parameter", a.parameter},
                                         {"source", source_name(a.source)},
                                         {"index", a.index},
                                         {"attribute", a.attribute},
                                         {"literal", a.literal}});
  }
  out["examples"] = Json::array();
  for (std::string_view example : op.examples) out["examples"].push_back(to_json(parse_layer(example)));
  return out;
}

Attribute attribute_from(const Json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.empty() && value[0].is_number_float()) return value.get<std::vector<double>>();
  if (!value.empty() && value[0].is_string()) return value.get<std::vector<std::string>>();
  return value.get<std::vector<int64_t>>();
}

Layer layer_from(const Json& json) {
  Layer layer;
  layer.op = json.at("op").get<std::string>();
  for (const Json& in : json.at("inputs")) {
    if (in.is_null()) {
      layer.inputs.push_back(Tensor::absent());
      continue;
    }
    Tensor t = Tensor::of(in.at("shape").get<Shape>(), require_data_type(in.at("dtype").get<std::string>()));
    t.constant = in.value("constant", false);
    if (in.contains("value")) {
      const Json& value = in.at("value");
      const bool real = is_float(t.dtype);
      t.value = std::make_shared<const Value>(real ? Value::of(value.get<std::vector<double>>())
                                                   : Value::of(value.get<std::vector<int64_t>>()));
    }
    layer.inputs.push_back(std::move(t));
  }
  for (const auto& [key, value] : json.at("attributes").items()) layer.attributes.set(key, attribute_from(value));
  for (const Json& present : json.at("outputs")) layer.outputs.push_back({.present = present.get<bool>(), .known = false});
  return layer;
}

/// Shapes of the layers on the standard input, or why the catalogue refuses them.
void print_inferred() {
  Json rows = Json::array();
  for (const Json& json : Json::parse(std::cin)) {
    try {
      Layer layer = layer_from(json);
      if (!find_operator(layer.op)) throw Error(ErrorKind::unsupported, layer.op + " is not in the catalogue");
      infer(layer, json.value("opset", 1000));
      strip_defaults(layer);
      rows.push_back(to_json(layer));
    } catch (const Error& e) {
      rows.push_back({{"error", e.what()}});
    }
  }
  fmt::print("{}\n", rows.dump());
}

void print_markdown() {
  std::map<std::string, std::vector<const Operator*>> families;
  for (const Operator* op : catalogue()) families[std::string(name(op->family))].push_back(op);
  fmt::print(
      "# Operators\n\n<!-- Written by tools/operators_doc from wattlayer/ops/defs: do not edit; run operators_doc > "
      "docs/operators.md. -->\n\n"
      "What the catalogue knows, by family. MACs count matrix products, convolutions and recurrences; FLOPs the other "
      "arithmetic; special\n"
      "functions (exp, erf, tanh, roots, divisions) are counted on their own. Attributes: default in parentheses. Each example "
      "is the text\n"
      "form of a layer.\n");
  for (const auto& [family, operators] : families) {
    fmt::print("\n## {}\n", family);
    for (const Operator* op : operators) {
      fmt::print("\n### {}\n\n{}.\n\n", op->name, op->summary);
      std::string attributes;
      for (const AttributeInfo& a : op->attributes)
        attributes += fmt::format("{}`{}`{}", attributes.empty() ? "" : ", ", a.name,
                                  a.otherwise.empty() ? "" : fmt::format(" ({})", a.otherwise));
      if (!attributes.empty()) fmt::print("* attributes: {}\n", attributes);
      if (!op->run.aten.empty()) fmt::print("* runs as: `{}`\n", op->run.aten);
      if (op->can_run_in_place) fmt::print("* can run in place\n");
      for (std::string_view example : op->examples) fmt::print("* `{}`\n", example);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 1) return print_markdown(), 0;
    if (argc == 2 && argv[1] == std::string_view("--infer")) return print_inferred(), 0;
    if (argc != 2 || argv[1] != std::string_view("--json")) {
      fmt::print(stderr, "usage: operators_doc [--json | --infer]\n");
      return 2;
    }
    Json rows = Json::array();
    for (const Operator* op : catalogue()) rows.push_back(to_json(*op));
    fmt::print("{}\n", rows.dump(1));
  } catch (const Error& e) {
    fmt::print(stderr, "operators_doc: {}\n", e.what());
    return 1;
  }
}
