#include "wattlayer/store/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/store/workload_text.h"

namespace wattlayer {
namespace {

[[noreturn]] void refuse(std::string_view column, std::string_view found, std::string_view expected) {
  throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected {}", column, found, expected));
}

double number(std::string_view column, std::string_view text) {
  const std::optional<double> value = real_of(text);
  if (!value) refuse(column, text, "a number");
  return *value;
}

int64_t whole(std::string_view column, std::string_view text) {
  const std::optional<int64_t> value = whole_of(text);
  if (!value || *value < 1) refuse(column, text, "a whole number of 1 or more");
  return *value;
}

bool truth(std::string_view column, std::string_view text) {
  if (text != "0" && text != "1") refuse(column, text, "0 or 1");
  return text == "1";
}

std::map<std::string, std::string> parse_conditions(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) refuse("conditions", text, "a JSON object of texts");
  std::map<std::string, std::string> conditions;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) refuse("conditions", text, "a JSON object of texts");
    conditions[key] = value.get<std::string>();
  }
  return conditions;
}

/// One column: how a measurement is written to it and read from it.
struct Column {
  std::string_view name;
  bool required;
  std::string (*print)(const Measurement&);
  void (*parse)(Measurement&, const std::string&);
};

std::string print_optional(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

template <std::string Measurement::*member>
Column text_column(std::string_view name, bool required = false) {
  return {name, required, [](const Measurement& m) { return m.*member; },
          [](Measurement& m, const std::string& t) { m.*member = t; }};
}

/// A quantity that may be missing; it is at least 0, or above 0 for energies and times.
template <std::optional<double> Measurement::*member, bool positive>
void parse_optional(Measurement& m, std::string_view name, const std::string& t) {
  if (t.empty()) return;
  const double value = number(name, t);
  if (value < 0 || (positive && value == 0)) refuse(name, t, positive ? "a number above 0" : "a number of 0 or more");
  m.*member = value;
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      text_column<&Measurement::dataset>("dataset", true),
      text_column<&Measurement::row>("row", true),
      text_column<&Measurement::kind>("kind", true),
      text_column<&Measurement::block>("block"),
      text_column<&Measurement::parent>("parent"),
      text_column<&Measurement::hardware>("hardware", true),
      text_column<&Measurement::engine>("engine", true),
      {"dtype", true, [](const Measurement& m) { return std::string(name(m.dtype)); },
       [](Measurement& m, const std::string& t) { m.dtype = require_data_type(t); }},
      {"energy_j", true, [](const Measurement& m) { return print_optional(m.energy_j); },
       [](Measurement& m, const std::string& t) { parse_optional<&Measurement::energy_j, true>(m, "energy_j", t); }},
      {"energy_sd_j", false, [](const Measurement& m) { return print_optional(m.energy_sd_j); },
       [](Measurement& m, const std::string& t) { parse_optional<&Measurement::energy_sd_j, false>(m, "energy_sd_j", t); }},
      {"time_s", true, [](const Measurement& m) { return print_optional(m.time_s); },
       [](Measurement& m, const std::string& t) { parse_optional<&Measurement::time_s, true>(m, "time_s", t); }},
      {"idle_power_w", false, [](const Measurement& m) { return print_optional(m.idle_power_w); },
       [](Measurement& m, const std::string& t) { parse_optional<&Measurement::idle_power_w, false>(m, "idle_power_w", t); }},
      {"repetitions", false, [](const Measurement& m) { return std::to_string(m.repetitions); },
       [](Measurement& m, const std::string& t) { m.repetitions = t == "0" ? 0 : whole("repetitions", t); }},
      {"energy_ci95_j", false, [](const Measurement& m) { return print_optional(m.energy_ci95_j); },
       [](Measurement& m, const std::string& t) { parse_optional<&Measurement::energy_ci95_j, false>(m, "energy_ci95_j", t); }},
      {"windows", false, [](const Measurement& m) { return std::to_string(m.windows); },
       [](Measurement& m, const std::string& t) { m.windows = t.empty() || t == "0" ? 0 : whole("windows", t); }},
      text_column<&Measurement::scope>("scope", true),
      {"idle_included", false, [](const Measurement& m) { return std::string(m.idle_included ? "1" : "0"); },
       [](Measurement& m, const std::string& t) { m.idle_included = truth("idle_included", t); }},
      text_column<&Measurement::meter>("meter"),
      text_column<&Measurement::method>("method"),
      {"conditions", false, [](const Measurement& m) { return m.conditions.empty() ? "" : nlohmann::json(m.conditions).dump(); },
       [](Measurement& m, const std::string& t) {
         if (!t.empty()) m.conditions = parse_conditions(t);
       }},
      text_column<&Measurement::failure>("failure"),
      {"workload", false, [](const Measurement& m) { return m.workload.name; },
       [](Measurement& m, const std::string& t) { m.workload.name = t; }},
      {"batch", false, [](const Measurement& m) { return std::to_string(m.workload.batch); },
       [](Measurement& m, const std::string& t) { m.workload.batch = whole("batch", t); }},
      {"is_network", false, [](const Measurement& m) { return std::string(m.workload.is_network ? "1" : "0"); },
       [](Measurement& m, const std::string& t) { m.workload.is_network = truth("is_network", t); }},
      {"layers", true, [](const Measurement& m) { return print_items(m.workload); },
       [](Measurement& m, const std::string& t) { m.workload.items = parse_items(t); }},
  };
  return all;
}

void check(const Measurement& m) {
  if (std::find(std::begin(measurement_kinds), std::end(measurement_kinds), m.kind) == std::end(measurement_kinds))
    refuse("kind", m.kind, "random-layer, real-layer, network or real-configuration");
  const bool unmetered = !m.energy_j && m.method.empty() && m.scope.empty();  // a time alone has neither
  if (!unmetered && m.method != "counter" && m.method != "integrated" && m.method != "modelled")
    refuse("method", m.method, "counter, integrated or modelled");
  for (const auto& [column, text] :
       {std::pair{"dataset", &m.dataset}, {"row", &m.row}, {"hardware", &m.hardware}, {"engine", &m.engine}, {"scope", &m.scope}})
    if (text->empty() && !(unmetered && text == &m.scope)) refuse(column, "", "a text");
  if (m.failure.empty() && !m.energy_j && !m.time_s) refuse("energy_j", "", "a figure, unless failure says why there is none");
  if (m.failure.empty() && m.workload.items.empty()) refuse("layers", "", "at least one layer");
}

/// Which column each field of a record goes to.
std::vector<const Column*> match(const CsvReader& reader) {
  std::vector<const Column*> order;
  for (const std::string& title : reader.header()) {
    const Column* found = nullptr;
    for (const Column& column : columns())
      if (column.name == title) found = &column;
    if (!found)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("column '{}' is unknown; see docs/formats/csv_v1.md for the names", title));
    order.push_back(found);
  }
  for (const Column& column : columns())
    if (column.required && !reader.column(column.name))
      throw Error(ErrorKind::invalid_input, fmt::format("column '{}' is missing in the first line", column.name));
  return order;
}

}  // namespace

std::string print_csv(std::span<const Measurement> measurements) {
  std::string out;
  for (const Column& column : columns()) out += (out.empty() ? "" : ",") + std::string(column.name);
  out += '\n';
  for (const Measurement& m : measurements) {
    for (size_t i = 0; i < columns().size(); ++i) out += (i ? "," : "") + csv_field(columns()[i].print(m));
    out += '\n';
  }
  return out;
}

CsvMeasurements parse_csv(std::string_view text, std::string_view file) {
  CsvMeasurements result;
  CsvReader reader(text);
  const std::vector<const Column*> order = match(reader);
  while (reader.next()) {
    try {
      if (!reader.fault().empty()) throw Error(ErrorKind::invalid_input, reader.fault());
      Measurement m;
      for (size_t i = 0; i < order.size(); ++i) order[i]->parse(m, reader.fields()[i]);
      check(m);
      result.measurements.push_back(std::move(m));
    } catch (const Error& e) {
      result.refused.push_back({std::string(file), reader.line(), e.what()});
    }
  }
  return result;
}

}  // namespace wattlayer
