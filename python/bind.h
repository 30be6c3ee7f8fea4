#pragma once
#include <string>

namespace pybind11 {
class module_;
}

/// The binding: one file for each type; module.cc calls them in the order of what they need.
namespace wattlayer::python {

/// A message of the library with the names that its advice has in Python: `settings={"nvml.library": "FILE"}`, not an option.
std::string in_python(const std::string& message);

void bind_errors(pybind11::module_& module);
void bind_network(pybind11::module_& module);
void bind_estimate(pybind11::module_& module);
void bind_energy_model(pybind11::module_& module);
void bind_pages(pybind11::module_& module);
void bind_meters(pybind11::module_& module);

}  // namespace wattlayer::python
