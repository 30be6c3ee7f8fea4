#include <pybind11/pybind11.h>

#include "python/bind.h"

PYBIND11_MODULE(_wattlayer, module) {
  module.doc() = "The C++ library behind the package wattlayer; its names may change, those of wattlayer do not.";
  module.attr("__version__") = WATTLAYER_VERSION;
  wattlayer::python::bind_errors(module);
  wattlayer::python::bind_network(module);
  wattlayer::python::bind_estimate(module);
  wattlayer::python::bind_energy_model(module);
  wattlayer::python::bind_pages(module);
  wattlayer::python::bind_meters(module);
}
