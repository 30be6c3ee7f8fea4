#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "python/bind.h"
#include "wattlayer/api/targets.h"

namespace py = pybind11;

namespace wattlayer::python {
namespace {

std::pair<EnergyModel, std::vector<std::string>> found(const std::string& target, const std::optional<std::string>& dtype,
                                                       const std::filesystem::path& data_dir) {
  FoundEnergyModel result =
      find_target(DataFiles(data_dir), target, dtype ? std::optional(require_data_type(*dtype)) : std::nullopt);
  return {std::move(result.model), std::move(result.remarks)};
}

}  // namespace

void bind_energy_model(py::module_& module) {
  py::class_<EnergyModel>(module, "EnergyModel", "A fitted predictor for one hardware, engine and data type.")
      .def_readonly("id", &EnergyModel::id)
      .def_property_readonly("hardware", [](const EnergyModel& m) { return m.hardware.id; })
      .def_property_readonly("engine", [](const EnergyModel& m) { return m.engine.id; })
      .def_property_readonly("dtype", [](const EnergyModel& m) { return std::string(name(m.dtype)); })
      .def_readonly("scope", &EnergyModel::scope)
      .def_readonly("idle_included", &EnergyModel::idle_included)
      .def_readonly("from_data_sheet", &EnergyModel::from_data_sheet)
      .def_readonly("card", &EnergyModel::card);
  module.def("find_target", found, py::arg("target"), py::arg("dtype") = py::none(), py::arg("data_dir") = "");
  module.def(
      "load_energy_model",
      [](const std::string& id, const std::filesystem::path& data_dir) { return load_energy_model(DataFiles(data_dir), id); },
      py::arg("id"), py::arg("data_dir") = "");
  module.def(
      "energy_model_ids", [](const std::filesystem::path& data_dir) { return energy_model_ids(DataFiles(data_dir)); },
      py::arg("data_dir") = "");
  module.def(
      "hardware_ids", [](const std::filesystem::path& data_dir) { return ids(DataFiles(data_dir), "hardware"); },
      py::arg("data_dir") = "");
  module.def(
      "hardware_json",
      [](const std::string& id, const std::filesystem::path& data_dir) {
        return require_file(DataFiles(data_dir), "hardware", id);
      },
      py::arg("id"), py::arg("data_dir") = "");
}

}  // namespace wattlayer::python
