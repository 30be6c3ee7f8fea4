#include "cli/measured_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

constexpr const char* unknown = "–";

std::string shown(const std::optional<double>& value, std::string_view unit) { return value ? quantity(*value, unit) : unknown; }

std::string condition(const Measurement& row, const std::string& key) {
  const auto found = row.conditions.find(key);
  return found == row.conditions.end() ? unknown : found->second;
}

std::string number_condition(const Measurement& row, const std::string& key, std::string_view unit) {
  const auto found = row.conditions.find(key);
  return found == row.conditions.end() ? unknown : quantity(std::stod(found->second), unit);
}

/// `±1.3 %`: half width of the 95 % interval.
std::string spread(const std::optional<double>& half_width, const std::optional<double>& value) {
  if (!half_width || !value || !(*value > 0)) return unknown;
  const double share = *half_width / *value;
  return share < 5e-7 ? "±0 %" : fmt::format("±{:.2g} %", 100 * share);
}

std::string meter_name(const Measurement& row) {
  return row.meter.empty() ? unknown : fmt::format("{}:{}", row.meter, condition(row, "domain"));
}

/// Beside a measurement of the same scope; times always compare, joules of a model of time never.
std::string estimate_text(const Estimate& estimate, const Measurement& row) {
  auto beside = [](const Interval& i, const std::optional<double>& measured, std::string_view unit) {
    return quantity_interval(i.value, i.low, i.high, unit) +
           (measured && *measured > 0 ? fmt::format(", {:+.0f} %", 100 * (i.value / *measured - 1)) : "");
  };
  std::string text = beside(estimate.time_s, row.time_s, "s");
  if (estimate.stated_power_w) return text;
  if (row.energy_j && estimate.scope != row.scope) return text + fmt::format("; its joules are of {}", estimate.scope);
  return beside(estimate.energy_j, row.energy_j, "J") + "; " + text;
}

/// Everything about one row, a line each.
std::string details(const Measurement& row, const Estimate* estimate, bool colour) {
  std::string text;
  auto line = [&](std::string_view label, const std::string& value) { text += fmt::format("  {:<22}{}\n", label, value); };
  if (!row.failure.empty()) line("failed", styled(row.failure, Style::red, colour));
  if (row.energy_j) {
    const std::string label = row.method == "modelled" ? " (modelled, not measured)" : "";
    line("energy per pass",
         styled(fmt::format("{} {}", shown(row.energy_j, "J"), spread(row.energy_ci95_j, row.energy_j)), Style::bold, colour) +
             label);
    line("above idle", shown(above_idle_j(row), "J"));
  }
  line("time per pass", fmt::format("{} {}", shown(row.time_s, "s"), spread(time_half_width(row), row.time_s)));
  if (row.energy_j) {
    line("mean power", shown(power_w(row), "W"));
    line("power at rest", row.idle_power_w ? shown(row.idle_power_w, "W") + ", device held, before the windows" : unknown);
  }
  if (estimate) line("estimate", estimate_text(*estimate, row) + " (" + estimate->energy_model + ")");
  line("windows", fmt::format("{}, {} passes", row.windows, count_text(static_cast<double>(row.repetitions))));
  line("meter", row.meter.empty() ? "none: no energy was measured"
                                  : fmt::format("{}, scope {}, method {}, refreshed every {}", meter_name(row), row.scope,
                                                row.method, number_condition(row, "refresh_interval_s", "s")));
  std::string device = row.conditions.count("device_name") ? row.conditions.at("device_name") : condition(row, "device");
  if (row.conditions.count("clock_hz")) device += ", clock " + number_condition(row, "clock_hz", "Hz");
  if (row.conditions.count("temperature_c")) device += ", " + condition(row, "temperature_c") + " °C";
  if (row.conditions.count("throttle")) device += ", throttled: " + condition(row, "throttle");
  line("device", device);
  return text;
}

std::string one_by_one(const MeasuredReport& report, bool colour) {
  std::string text;
  for (size_t i = 0; i < report.results.size(); ++i)
    for (const Measurement& row : report.results[i].rows) {
      const Workload& w = report.workloads[i];
      text += (text.empty() ? "" : "\n") +
              styled(fmt::format("{} on {} ({} {}), {}, batch {}", printable(w.name), report.preparation.device,
                                 report.runner.engine, report.runner.version, name(report.preparation.dtype), w.batch),
                     Style::bold, colour) +
              "\n" + details(row, report.estimates.empty() ? nullptr : &report.estimates[i], colour);
    }
  return text;
}

std::string side_by_side(const MeasuredReport& report, bool colour) {
  TextTable table({{"MEASURED", Align::left, 48},
                   {"BATCH", Align::right},
                   {"ENERGY", Align::right},
                   {"95 %", Align::right},
                   {"ABOVE IDLE", Align::right},
                   {"TIME", Align::right},
                   {"POWER", Align::right},
                   {"IDLE", Align::right},
                   {"WINDOWS", Align::right},
                   {"PASSES", Align::right},
                   {"METER", Align::left, 28},
                   {"SCOPE"},
                   {"METHOD"},
                   {"CLOCK", Align::right},
                   {"°C", Align::right},
                   {"THROTTLE", Align::left, 24},
                   {report.estimates.empty() ? "" : "ESTIMATE"}});
  for (size_t i = 0; i < report.results.size(); ++i)
    for (const Measurement& row : report.results[i].rows) {
      const auto width = row.meter.empty() ? spread(time_half_width(row), row.time_s) : spread(row.energy_ci95_j, row.energy_j);
      table.row({report.workloads[i].name, count_text(static_cast<double>(report.workloads[i].batch)), shown(row.energy_j, "J"),
                 width, shown(above_idle_j(row), "J"), shown(row.time_s, "s"), shown(power_w(row), "W"),
                 shown(row.idle_power_w, "W"), std::to_string(row.windows), count_text(static_cast<double>(row.repetitions)),
                 meter_name(row), row.scope.empty() ? unknown : row.scope, row.method.empty() ? "time only" : row.method,
                 number_condition(row, "clock_hz", "Hz"), condition(row, "temperature_c"), condition(row, "throttle"),
                 report.estimates.empty() ? "" : estimate_text(report.estimates[i], row)},
                !row.failure.empty()       ? Style::red
                : row.method == "modelled" ? Style::cyan
                                           : Style::plain);
    }
  return table.print(colour);
}

/// Remarks of all tasks, each said once with the tasks that it is about.
std::string all_remarks(const MeasuredReport& report) {
  std::vector<std::pair<std::string, std::vector<size_t>>> remarks;
  for (const std::string& remark : report.remarks) remarks.push_back({remark, {}});
  for (size_t i = 0; i < report.results.size(); ++i)
    for (const std::string& remark : report.results[i].remarks) {
      const auto same = std::find_if(remarks.begin(), remarks.end(), [&](const auto& r) { return r.first == remark; });
      if (same == remarks.end()) remarks.push_back({remark, {i}});
      else same->second.push_back(i);
    }
  std::string text;
  for (const auto& [remark, tasks] : remarks) {
    const bool of_one = tasks.size() == 1 && report.results.size() > 1;
    text += fmt::format("note: {}{}\n", of_one ? printable(report.workloads[tasks[0]].name) + ": " : "", printable(remark));
  }
  return text;
}

nlohmann::ordered_json json_of(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json json_row(const Measurement& row) {
  return {{"meter", row.meter.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(meter_name(row))},
          {"scope", row.scope.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(row.scope)},
          {"method", row.method.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(row.method)},
          {"energy_j", json_of(row.energy_j)},
          {"energy_ci95_j", json_of(row.energy_ci95_j)},
          {"energy_sd_j", json_of(row.energy_sd_j)},
          {"energy_above_idle_j", json_of(above_idle_j(row))},
          {"time_s", json_of(row.time_s)},
          {"power_w", json_of(power_w(row))},
          {"idle_power_w", json_of(row.idle_power_w)},
          {"windows", row.windows},
          {"passes", row.repetitions},
          {"conditions", row.conditions},
          {"failure", row.failure}};
}

nlohmann::ordered_json json_estimate(const Estimate& e) {
  auto interval = [](const Interval& i) { return nlohmann::ordered_json{{"value", i.value}, {"low", i.low}, {"high", i.high}}; };
  return {{"energy_model", e.energy_model},
          {"scope", e.scope},
          {"energy_j", e.stated_power_w ? nlohmann::ordered_json(nullptr) : interval(e.energy_j)},
          {"time_s", interval(e.time_s)}};
}

}  // namespace

std::string measured_table(const MeasuredReport& report, bool colour) {
  size_t rows = 0;
  for (const Measured& m : report.results) rows += m.rows.size();
  std::string text = rows == 0 ? "" : rows <= 2 ? one_by_one(report, colour) : side_by_side(report, colour);
  for (size_t i = 0; i < report.results.size(); ++i) {
    const Measured& m = report.results[i];
    if (!m.failure.empty())
      text +=
          styled(fmt::format("failed: {}: {}", printable(report.workloads[i].name), printable(m.failure)), Style::red, colour) +
          "\n";
    else if (m.interrupted) text += fmt::format("not measured: {}\n", printable(report.workloads[i].name));
  }
  return text + all_remarks(report);
}

std::string measured_json(const MeasuredReport& report) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (size_t i = 0; i < report.results.size(); ++i) {
    const Measured& m = report.results[i];
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Measurement& row : m.rows) rows.push_back(json_row(row));
    all.push_back({{"name", report.workloads[i].name},
                   {"network", report.workloads[i].is_network},
                   {"batch", report.workloads[i].batch},
                   {"rows", rows},
                   {"estimate", report.estimates.empty() ? nlohmann::ordered_json(nullptr) : json_estimate(report.estimates[i])},
                   {"remarks", m.remarks},
                   {"failure", m.failure},
                   {"interrupted", m.interrupted}});
  }
  const nlohmann::ordered_json json = {{"schema", 1},
                                       {"runner", report.runner.name},
                                       {"engine", report.runner.engine},
                                       {"engine_version", report.runner.version},
                                       {"device", report.preparation.device},
                                       {"dtype", name(report.preparation.dtype)},
                                       {"remarks", report.remarks},
                                       {"measurements", all}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace wattlayer::cli
