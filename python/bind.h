#pragma once

namespace pybind11 {
class module_;
}

/// The binding: one file for each type; module.cc calls them in the order of what they need.
namespace wattlayer::python {

void bind_errors(pybind11::module_& module);
void bind_network(pybind11::module_& module);
void bind_estimate(pybind11::module_& module);
void bind_energy_model(pybind11::module_& module);
void bind_pages(pybind11::module_& module);
void bind_meters(pybind11::module_& module);

}  // namespace wattlayer::python
