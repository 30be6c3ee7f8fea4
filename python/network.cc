#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "python/bind.h"
#include "python/network.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/graph/captured_network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace py = pybind11;

namespace wattlayer::python {
namespace {

using Reals = std::vector<double>;
using Described = std::tuple<std::string, Shape, std::string>;  // name, shape, data type

Tensor tensor_of(const Shape& shape, const std::string& dtype) { return Tensor::of(shape, require_data_type(dtype)); }

void add_constant(CapturedNetwork& network, const std::string& name, const Shape& shape, const std::string& dtype,
                  const std::optional<Reals>& reals, const std::optional<std::vector<int64_t>>& integers) {
  Tensor tensor = tensor_of(shape, dtype);
  if (reals) tensor.value = std::make_shared<Value>(Value::of(*reals));
  if (integers) tensor.value = std::make_shared<Value>(Value::of(*integers));
  network.constants.push_back({name, std::move(tensor)});
}

void add_node(CapturedNetwork& network, const std::string& name, const std::string& op, const std::vector<std::string>& inputs,
              const std::vector<Described>& outputs, const std::map<std::string, Attribute>& attributes) {
  CapturedNode node{.name = name, .op = op, .inputs = inputs, .attributes = {attributes.begin(), attributes.end()}};
  for (const auto& [value, shape, dtype] : outputs) {
    node.outputs.push_back(value);
    if (!value.empty()) network.values.push_back({value, tensor_of(shape, dtype)});
  }
  network.nodes.push_back(std::move(node));
}

Network read(const std::string& argument, std::optional<int64_t> batch, const std::map<std::string, Shape>& inputs,
             const std::map<std::string, int64_t>& dimensions) {
  NetworkSource source(argument);
  Graph graph = source.graph({.inputs = inputs, .dimensions = dimensions, .batch = batch});
  return {std::move(source), std::move(graph)};
}

Network of_layer(const std::string& text) {
  NetworkSource source = NetworkSource::of_layer(text);
  Graph graph = source.graph();
  return {std::move(source), std::move(graph)};
}

/// What an engine executes, unpriced.
py::list layers(const Network& network, const std::string& engine, const std::filesystem::path& data_dir) {
  const Engine executed_by = parse_engine(require_file(DataFiles(data_dir), "engines", engine), engine);
  const Workload workload =
      network.source ? network.source->workload(network.graph, executed_by) : lower(network.graph, executed_by);
  py::list rows;
  for (const WorkloadItem& item : workload.items)
    rows.append(py::dict(py::arg("layer") = print(item.layer), py::arg("op") = item.layer.op, py::arg("fused") = item.layer.fused,
                         py::arg("count") = item.count, py::arg("macs") = item.count * cost(item.layer).macs,
                         py::arg("names") = item.names));
  return rows;
}

}  // namespace

void bind_network(py::module_& module) {
  py::class_<CapturedNetwork>(module, "CapturedNetwork", "A network as a framework's tracer saw it, call by call.")
      .def(py::init([](const std::string& name) { return CapturedNetwork{.name = name}; }), py::arg("name"))
      .def(
          "add_input",
          [](CapturedNetwork& n, const std::string& name, const Shape& shape, const std::string& dtype) {
            n.inputs.push_back({name, tensor_of(shape, dtype)});
          },
          py::arg("name"), py::arg("shape"), py::arg("dtype"))
      .def("add_constant", add_constant, py::arg("name"), py::arg("shape"), py::arg("dtype"), py::arg("reals") = py::none(),
           py::arg("integers") = py::none())
      .def("add_node", add_node, py::arg("name"), py::arg("op"), py::arg("inputs"), py::arg("outputs"), py::arg("attributes"))
      .def(
          "add_output", [](CapturedNetwork& n, const std::string& name) { n.outputs.push_back(name); }, py::arg("name"))
      .def(
          "add_remark", [](CapturedNetwork& n, const std::string& text) { n.remarks.push_back(text); }, py::arg("text"));
  py::class_<Network>(module, "Network", "A network whose shapes are all known.")
      .def_static("read", read, py::arg("argument"), py::arg("batch") = py::none(),
                  py::arg("inputs") = std::map<std::string, Shape>{}, py::arg("dimensions") = std::map<std::string, int64_t>{},
                  py::call_guard<py::gil_scoped_release>())
      .def_static("of_layer", of_layer, py::arg("text"))
      .def_static(
          "captured",
          [](const CapturedNetwork& captured) {
            return Network{std::nullopt, graph_of(captured)};
          },
          py::arg("captured"), py::call_guard<py::gil_scoped_release>())
      .def("layers", layers, py::arg("engine"), py::arg("data_dir") = "")
      .def_property_readonly("name", [](const Network& n) { return n.graph.name; })
      .def_property_readonly("batch", [](const Network& n) { return n.graph.batch; })
      .def_property_readonly("remarks", [](const Network& n) { return n.graph.remarks; })
      .def_property_readonly("unresolved", [](const Network& n) { return n.graph.unresolved; });
}

}  // namespace wattlayer::python
