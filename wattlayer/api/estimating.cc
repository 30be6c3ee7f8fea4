#include "wattlayer/api/estimating.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/scoring/network_scorer.h"

namespace wattlayer {
namespace {

std::vector<std::string> remarks_of(const Graph& graph) {
  std::vector<std::string> remarks = graph.remarks;
  if (!graph.unresolved.empty()) {
    const size_t shown = std::min<size_t>(graph.unresolved.size(), 3);
    remarks.push_back(fmt::format(
        "{} of {} nodes have a shape that stays unknown ({}{}); give it with --input or --dim", graph.unresolved.size(),
        graph.nodes.size(), fmt::join(graph.unresolved.begin(), graph.unresolved.begin() + static_cast<ptrdiff_t>(shown), ", "),
        shown < graph.unresolved.size() ? ", ..." : ""));
  }
  return remarks;
}

bool computes_in_floats(const Workload& workload) {
  return std::any_of(workload.items.begin(), workload.items.end(), [](const WorkloadItem& i) { return is_float(i.layer.dtype); });
}

EstimateReport rows_of(const Workload& workload, const Graph& graph, const EnergyModel& model, const DeviceSettings& settings) {
  EstimateReport rows = report(workload, predict(workload, model, operating_point_of(model, settings)));
  rows.remarks = remarks_of(graph);
  return rows;
}

/// In the energy model's data type; says so where that is more than rounding.
EstimateReport converted(Workload workload, const Graph& graph, const EnergyModel& model, const DeviceSettings& settings) {
  const bool quantised = !is_float(model.dtype) && computes_in_floats(workload);
  EstimateReport rows = rows_of(in_dtype_of(model, std::move(workload)), graph, model, settings);
  if (quantised)
    rows.remarks.push_back(
        fmt::format("the network computes in floating point; it is priced as if it were quantised to {}", name(model.dtype)));
  return rows;
}

}  // namespace

OperatingPoint operating_point_of(const EnergyModel& model, const DeviceSettings& settings) {
  std::map<std::string, std::string> conditions;
  const PhysicsModel& physics = *model.physics;
  const double usual = std::clamp(1.0, physics.clock_low, physics.clock_high);
  if (settings.clock_mhz) conditions["clock_mhz"] = fmt::format("{}", *settings.clock_mhz);
  else if (usual != 1 && model.hardware.clock_hz)
    conditions["clock_mhz"] = fmt::format("{}", usual * *model.hardware.clock_hz / 1e6);
  if (settings.power_limit_w) conditions["power_limit_w"] = fmt::format("{}", *settings.power_limit_w);
  const OperatingPoint point = operating_point(model.hardware, conditions);
  if (const double rest_w = physics.static_w * point.idle; point.power_limit_w && *point.power_limit_w <= rest_w)
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("{} draws {:.0f} W by its energy model before it computes, so it cannot keep --power-limit {:g}; give "
                    "more than {:.0f} W",
                    model.hardware.id, rest_w, *point.power_limit_w, std::ceil(rest_w)));
  return point;
}

Workload workload_on(const EnergyModel& model, const NetworkSource& source, const Graph& graph) {
  Workload workload = source.workload(graph, model.engine);
  return source.is_list() ? workload : in_dtype_of(model, std::move(workload));
}

EstimateReport estimate(const NetworkSource& source, const Graph& graph, const EnergyModel& model,
                        const DeviceSettings& settings) {
  EstimateReport rows = source.is_list() ? rows_of(source.workload(graph, model.engine), graph, model, settings)
                                         : converted(source.workload(graph, model.engine), graph, model, settings);
  rows.file = source.argument();
  return rows;
}

EstimateReport estimate(const Graph& graph, const EnergyModel& model, const DeviceSettings& settings) {
  return converted(lower(graph, model.engine), graph, model, settings);
}

}  // namespace wattlayer
