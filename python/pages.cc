#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "python/bind.h"
#include "wattlayer/pages/estimate_page.h"

namespace py = pybind11;

namespace wattlayer::python {
namespace {

std::string html_page(const std::vector<EstimateReport>& estimates, const std::vector<const EnergyModel*>& models,
                      const std::string& date) {
  std::vector<PagedModel> paged;
  for (const EnergyModel* model : models) paged.push_back({.model = model});
  return estimate_page({.estimates = estimates}, paged, {}, {.program = "wattlayer " WATTLAYER_VERSION, .date = date});
}

}  // namespace

void bind_pages(py::module_& module) {
  module.def("html_page", html_page, py::arg("estimates"), py::arg("models"), py::arg("date"));
}

}  // namespace wattlayer::python
