#include "wattlayer/pages/measured_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "wattlayer/pages/estimate_rows.h"
#include "wattlayer/pages/page_content.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) { return value ? Json(page_number(*value)) : Json(nullptr); }

Json row_json(const Measurement& row) {
  return {{"meter", row.meter},
          {"scope", row.scope},
          {"method", row.method},
          {"energy", number(row.energy_j)},
          {"energy_half", number(row.energy_ci95_j)},
          {"energy_sd", number(row.energy_sd_j)},
          {"above_idle", number(above_idle_j(row))},
          {"time", number(row.time_s)},
          {"time_half", number(time_half_width(row))},
          {"power", number(power_w(row))},
          {"idle", number(row.idle_power_w)},
          {"windows", row.windows},
          {"passes", row.repetitions},
          {"conditions", row.conditions},
          {"failure", row.failure}};
}

/// Of each meter, joules and seconds per pass of each window.
Json windows_json(const Measured& measured) {
  Json json{{"time", Json::array()}, {"energy", Json::array()}};
  for (size_t meter = 0; meter < measured.rows.size(); ++meter) json["energy"].push_back(Json::array());
  for (const Window& window : measured.windows) {
    if (window.passes <= 0) continue;
    const double passes = static_cast<double>(window.passes);
    json["time"].push_back(page_number(window.time.value / passes));
    for (size_t meter = 0; meter < measured.rows.size() && meter < window.energy.size(); ++meter)
      json["energy"][meter].push_back(page_number(window.energy[meter].value / passes));
  }
  return json;
}

/// `estimate`: position among the estimates of the page.
Json task_json(const Workload& workload, const Measured& measured, std::optional<size_t> estimate) {
  Json json{{"name", workload.name},
            {"network", workload.is_network},
            {"batch", workload.batch},
            {"rows", Json::array()},
            {"windows", windows_json(measured)},
            {"estimate", estimate ? Json(*estimate) : Json(nullptr)},
            {"remarks", measured.remarks},
            {"failure", measured.failure},
            {"interrupted", measured.interrupted}};
  for (const Measurement& row : measured.rows) json["rows"].push_back(row_json(row));
  return json;
}

}  // namespace

std::string measured_page(const MeasuredReport& measured, std::span<const PagedModel> models, const PageOrigin& origin) {
  Report estimates;
  for (size_t i = 0; i < measured.estimates.size(); ++i)
    estimates.estimates.push_back(report(measured.workloads[i], measured.estimates[i]));
  Json json{{"runner", measured.runner.name},
            {"engine", measured.runner.engine},
            {"engine_version", measured.runner.version},
            {"device", measured.preparation.device},
            {"dtype", name(measured.preparation.dtype)},
            {"started", measured.date},
            {"measured_remarks", measured.remarks}};
  json["tasks"] = Json::array();
  for (size_t i = 0; i < measured.results.size(); ++i)
    json["tasks"].push_back(
        task_json(measured.workloads[i], measured.results[i], i < measured.estimates.size() ? std::optional(i) : std::nullopt));
  const std::string title = measured.workloads.empty()
                                ? "nothing measured"
                                : fmt::format("{} measured on {}{}", measured.workloads.front().name, measured.preparation.device,
                                              measured.workloads.size() > 1 ? ", and others" : "");
  const std::string rows = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return page(title + " · wattlayer", page_content("measure", title, origin, {rows, estimate_rows(estimates, models, {})}));
}

}  // namespace wattlayer
