#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "python/bind.h"
#include "python/network.h"
#include "wattlayer/api/estimating.h"
#include "wattlayer/report/format.h"
#include "wattlayer/report/report.h"

namespace py = pybind11;

namespace wattlayer::python {
namespace {

EstimateReport estimated(const Network& network, const EnergyModel& model, std::optional<double> clock_mhz,
                         std::optional<double> power_limit_w) {
  const DeviceSettings settings{.clock_mhz = clock_mhz, .power_limit_w = power_limit_w};
  return network.source ? estimate(*network.source, network.graph, model, settings) : estimate(network.graph, model, settings);
}

/// Estimates in one of the formats of report/formats.
std::string rendered(const std::vector<EstimateReport>& estimates, const std::string& format, bool all_layers, size_t top,
                     int columns) {
  const Rendering rendering{
      .top = top, .all_layers = all_layers, .details = all_layers || estimates.size() == 1, .columns = columns};
  return require_format(format).estimates({.estimates = estimates}, rendering);
}

void bind_rows(py::module_& module) {
  py::class_<Interval>(module, "Interval", "A value with its 90 % prediction interval.")
      .def_readonly("value", &Interval::value)
      .def_readonly("low", &Interval::low)
      .def_readonly("high", &Interval::high);
  py::class_<LayerRow>(module, "LayerRow", "A layer of an estimate; figures include its count.")
      .def_readonly("name", &LayerRow::name)
      .def_readonly("names", &LayerRow::names)
      .def_readonly("op", &LayerRow::op)
      .def_readonly("fused", &LayerRow::fused)
      .def_readonly("layer", &LayerRow::layer)
      .def_readonly("shapes", &LayerRow::shapes)
      .def_readonly("count", &LayerRow::count)
      .def_readonly("macs", &LayerRow::macs)
      .def_readonly("energy_j", &LayerRow::energy_j)
      .def_readonly("time_s", &LayerRow::time_s)
      .def_readonly("share", &LayerRow::share)
      .def_property_readonly("label", [](const LayerRow& r) { return std::string(name(r.label)); });
  py::class_<OperatorRow>(module, "OperatorRow", "All layers of one operator.")
      .def_readonly("op", &OperatorRow::op)
      .def_readonly("count", &OperatorRow::count)
      .def_readonly("macs", &OperatorRow::macs)
      .def_readonly("energy_j", &OperatorRow::energy_j)
      .def_readonly("share", &OperatorRow::share);
  py::class_<Unpriced>(module, "Unpriced", "Layers that no predictor covers, bounded by their bytes and operations.")
      .def_readonly("op", &Unpriced::op)
      .def_readonly("count", &Unpriced::count)
      .def_readonly("bound_j", &Unpriced::bound_j)
      .def_readonly("reason", &Unpriced::reason);
}

}  // namespace

void bind_estimate(py::module_& module) {
  bind_rows(module);
  const auto total = [](auto member) { return [member](const EstimateReport& r) { return r.estimate.*member; }; };
  py::class_<EstimateReport>(module, "EstimateReport", "An estimate in plain rows.")
      .def_readonly("network", &EstimateReport::network)
      .def_readonly("file", &EstimateReport::file)
      .def_readonly("energy_per_inference_j", &EstimateReport::energy_per_inference_j)
      .def_readonly("pass_energy_j", &EstimateReport::pass_energy_j)
      .def_readonly("layers", &EstimateReport::layers)
      .def_readonly("operators", &EstimateReport::operators)
      .def_readonly("remarks", &EstimateReport::remarks)
      .def_property_readonly("energy_j", total(&Estimate::energy_j))
      .def_property_readonly("time_s", total(&Estimate::time_s))
      .def_property_readonly("power_w", total(&Estimate::power_w))
      .def_property_readonly("coverage", total(&Estimate::coverage))
      .def_property_readonly("macs", total(&Estimate::macs))
      .def_property_readonly("parameters", total(&Estimate::parameters))
      .def_property_readonly("hardware", total(&Estimate::hardware))
      .def_property_readonly("engine", total(&Estimate::engine))
      .def_property_readonly("scope", total(&Estimate::scope))
      .def_property_readonly("idle_included", total(&Estimate::idle_included))
      .def_property_readonly("energy_model", total(&Estimate::energy_model))
      .def_property_readonly("batch", total(&Estimate::batch))
      .def_property_readonly("stated_power_w", total(&Estimate::stated_power_w))
      .def_property_readonly("interval_note", total(&Estimate::interval_note))
      .def_property_readonly("unpriced", total(&Estimate::unpriced))
      .def_property_readonly("dtype", [](const EstimateReport& r) { return std::string(name(r.estimate.dtype)); });
  module.def("estimate", estimated, py::arg("network"), py::arg("model"), py::arg("clock_mhz") = py::none(),
             py::arg("power_limit_w") = py::none(), py::call_guard<py::gil_scoped_release>());
  module.def("render", rendered, py::arg("estimates"), py::arg("format"), py::arg("all_layers") = false, py::arg("top") = 10,
             py::arg("columns") = 100);
}

}  // namespace wattlayer::python
