#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "python/bind.h"
#include "python/meter_window.h"
#include "wattlayer/meter/simulated_device.h"

namespace py = pybind11;

namespace wattlayer::python {
namespace {

MeterPlace place_of(const std::filesystem::path& root, const std::map<std::string, std::string>& settings,
                    SimulatedDevice* device) {
  return {.root = root, .settings = settings, .clock = device, .device = device};
}

std::optional<double> seconds(const std::optional<Seconds>& value) { return value ? std::optional(value->value) : std::nullopt; }

py::dict described(const MeterSource& source, const MeterDomain& d) {
  return py::dict(py::arg("name") = std::string(source.name) + ":" + d.name, py::arg("scope") = d.scope,
                  py::arg("method") = d.method, py::arg("what") = d.what,
                  py::arg("refresh_interval_s") = seconds(d.refresh_interval), py::arg("obstacle") = in_python(d.obstacle),
                  py::arg("chosen_by_default") = d.chosen_by_default, py::arg("remarks") = d.remarks);
}

py::list domains(const std::filesystem::path& root, const std::map<std::string, std::string>& settings, SimulatedDevice* device) {
  SystemClock clock;
  MeterPlace place = place_of(root, settings, device);
  if (!place.clock) place.clock = &clock;
  check_settings(place);
  py::list found;
  for (const MeterSource* source : meter_sources())
    for (const MeterDomain& d : source->domains(place)) found.append(described(*source, d));
  return found;
}

}  // namespace

void bind_meters(py::module_& module) {
  py::class_<SimulatedDevice>(module, "SimulatedDevice",
                              "A device in simulated time that the meter `fake` reads. Not for several threads.")
      .def(py::init([](double idle_w) { return std::make_unique<SimulatedDevice>(Watts{idle_w}); }), py::arg("idle_w") = 10.0)
      .def(
          "work", [](SimulatedDevice& d, double time_s, double energy_j) { d.work(Seconds{time_s}, Joules{energy_j}); },
          py::arg("time_s"), py::arg("energy_j"), "Time passes while that energy is used, idle included.")
      .def(
          "sleep", [](SimulatedDevice& d, double time_s) { d.sleep(Seconds{time_s}); }, py::arg("time_s"),
          "Time passes at idle power.");
  py::class_<MeterInfo>(module, "MeterInfo", "What is known of a meter before its first read.")
      .def_property_readonly("name", &MeterInfo::name)
      .def_readonly("scope", &MeterInfo::scope)
      .def_readonly("method", &MeterInfo::method)
      .def_property_readonly("resolution_j", [](const MeterInfo& i) { return i.resolution.value; })
      .def_property_readonly("refresh_interval_s", [](const MeterInfo& i) { return seconds(i.refresh_interval); })
      .def_property_readonly("stated_power_w", [](const MeterInfo& i) {
        return i.stated_power ? std::optional(i.stated_power->value) : std::nullopt;
      });
  py::class_<Reading>(module, "Reading", "Energy since a meter was opened, or why there is none.")
      .def_readonly("energy_j", &Reading::energy_j)
      .def_readonly("failure", &Reading::failure);
  py::class_<MeterWindow>(module, "MeterWindow", "Open meters, polled in a thread of their own where they ask for it.")
      .def(py::init([](const std::optional<std::string>& names, const std::filesystem::path& root,
                       const std::map<std::string, std::string>& settings, SimulatedDevice* device) {
             const py::gil_scoped_release release;
             return std::make_unique<MeterWindow>(names, place_of(root, settings, device));
           }),
           py::arg("names") = py::none(), py::arg("root") = "/", py::arg("settings") = std::map<std::string, std::string>{},
           py::arg("device") = py::none(), py::keep_alive<1, 5>())
      .def("read", &MeterWindow::read, py::arg("at_start"), py::call_guard<py::gil_scoped_release>())
      .def("now_s", &MeterWindow::now_s)
      .def("remarks", &MeterWindow::remarks, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("absence", &MeterWindow::absence)
      .def_property_readonly("infos", [](const MeterWindow& w) {
        std::vector<MeterInfo> infos;
        for (const auto& meter : w.meters()) infos.push_back(meter->info());
        return infos;
      });
  module.def("meter_domains", domains, py::arg("root") = "/", py::arg("settings") = std::map<std::string, std::string>{},
             py::arg("device") = py::none());
}

}  // namespace wattlayer::python
