#include "wattlayer/core/hardware.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

std::optional<double> optional_number(const Json& json, const char* key) {
  auto at = json.find(key);
  if (at == json.end() || at->is_null()) return std::nullopt;
  return at->get<double>();
}

/// `{"900": 73.5, ...}`: a figure by clock in MHz.
std::map<double, double> by_clock(const Json& json, const char* key) {
  std::map<double, double> table;
  auto at = json.find(key);
  if (at == json.end()) return table;
  for (const auto& [clock, value] : at->items()) {
    size_t read = 0;
    double mhz = 0;
    try {
      mhz = std::stod(clock, &read);
    } catch (const std::logic_error&) {
    }
    if (read != clock.size() || !(mhz > 0) || !std::isfinite(mhz) || !(value.get<double>() > 0))
      throw Error(ErrorKind::invalid_input,
                  std::string(key) + ": expected clocks in MHz with positive figures, found '" + clock + "': " + value.dump());
    table[mhz] = value.get<double>();
  }
  return table;
}

[[noreturn]] void refuse(const std::string& field, const std::string& expected, const std::string& found) {
  throw Error(ErrorKind::invalid_input, field + ": expected " + expected + ", found " + found);
}

void require_figure(const std::string& field, const std::optional<double>& value, double most, const std::string& unit) {
  if (!value || (*value > 0 && *value <= most)) return;
  char limit[16], found[32];
  std::snprintf(limit, sizeof limit, "%g", most), std::snprintf(found, sizeof found, "%g", *value);
  refuse(field, "a number above 0 and up to " + std::string(limit) + " " + unit, found);
}

/// Figures that no device can have.
void require_possible(const Hardware& h) {
  constexpr double most_w = 1e6, most_rate = 1e20, most_bytes = 1e18, most_hz = 1e12;
  if (h.kind != "cpu" && h.kind != "gpu" && h.kind != "soc") refuse("kind", "cpu, gpu or soc", "'" + h.kind + "'");
  if (!(h.compute_units >= 1)) refuse("compute_units", "1 or more", Json(h.compute_units).dump());
  require_figure("compute_units", h.compute_units, 1e9, "units");
  for (const auto& [type, peak] : h.peak_flops)
    require_figure("peak_flops." + std::string(name(type)), peak, most_rate, "operations per second");
  require_figure("vector_flops", h.vector_flops, most_rate, "operations per second");
  require_figure("bandwidth_bytes_per_s", h.bandwidth_bytes_per_s, most_rate, "bytes per second");
  for (const MemoryLevel& level : h.memory) {
    require_figure("memory." + level.name + ".bytes", level.bytes, most_bytes, "bytes");
    require_figure("memory." + level.name + ".units", level.units, 1e9, "units");
    require_figure("memory." + level.name + ".bandwidth_bytes_per_s", level.bandwidth_bytes_per_s, most_rate, "bytes per second");
  }
  require_figure("tdp_w", h.tdp_w, most_w, "W");
  require_figure("power_limit_w", h.power_limit_w, most_w, "W");
  require_figure("idle_w", h.idle_w, most_w, "W");
  require_figure("clock_hz", h.clock_hz, most_hz, "Hz");
}

double interpolated(const std::map<double, double>& table, double mhz) {
  const auto above = table.lower_bound(mhz);
  if (above == table.end()) return std::prev(above)->second;
  if (above == table.begin()) return above->second;
  const auto below = std::prev(above);
  return std::lerp(below->second, above->second, (mhz - below->first) / (above->first - below->first));
}

}  // namespace

std::optional<double> Hardware::idle_w_at(double hz) const {
  return idle_w_by_clock_mhz.empty() ? idle_w : interpolated(idle_w_by_clock_mhz, hz / 1e6);
}

std::optional<double> Hardware::relative_voltage(double hz) const {
  if (supply_v_by_clock_mhz.empty()) return std::nullopt;
  const double nominal_mhz = clock_hz ? *clock_hz / 1e6 : supply_v_by_clock_mhz.rbegin()->first;
  return interpolated(supply_v_by_clock_mhz, hz / 1e6) / interpolated(supply_v_by_clock_mhz, nominal_mhz);
}

double Hardware::peak(DataType type) const {
  auto known = [&](DataType t) { return peak_flops.find(t); };
  if (auto at = known(type); at != peak_flops.end()) return at->second;
  // A type without units of its own runs on those of the next wider type.
  static constexpr DataType wider[] = {DataType::mxfp4, DataType::nvfp4, DataType::int4, DataType::fp8_block, DataType::fp8,
                                       DataType::int8,  DataType::bf16,  DataType::f16,  DataType::tf32,      DataType::f32};
  bool reached = false;
  for (DataType t : wider) {
    reached = reached || t == type;
    if (!reached) continue;
    if (auto at = known(t); at != peak_flops.end()) return at->second;
  }
  if (auto at = known(DataType::f32); at != peak_flops.end()) return at->second;
  throw Error(ErrorKind::invalid_input, "hardware/" + id + ": no peak_flops for " + std::string(wattlayer::name(type)) +
                                            " or a wider type; add it to the file");
}

Hardware parse_hardware(std::string_view text, std::string_view id) try {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    throw Error(ErrorKind::invalid_input,
                "expected a JSON object that describes a device (docs/formats/hardware_v1.md), found something else");
  for (const char* field : {"name", "kind", "compute_units", "peak_flops", "memory", "scope", "sources"})
    if (!json.contains(field))
      throw Error(ErrorKind::invalid_input,
                  "expected the field `" + std::string(field) + "`, found none; add it (docs/formats/hardware_v1.md lists all)");
  Hardware h;
  h.id = id;
  h.name = json.at("name");
  h.kind = json.at("kind");
  h.compute_units = json.at("compute_units");
  h.on_processor = json.value("computes_on", h.kind == "cpu" ? "processor" : "gpu") == "processor";
  for (const auto& [type, value] : json.at("peak_flops").items()) h.peak_flops[require_data_type(type)] = value.get<double>();
  h.vector_flops = optional_number(json, "vector_flops");
  h.bandwidth_bytes_per_s = optional_number(json, "bandwidth_bytes_per_s");
  for (const Json& level : json.at("memory"))
    h.memory.push_back(
        {level.at("name"), level.at("bytes"), level.value("units", 1.0), optional_number(level, "bandwidth_bytes_per_s")});
  h.memory_type = json.value("memory_type", "");
  h.tdp_w = optional_number(json, "tdp_w");
  h.power_limit_w = optional_number(json, "power_limit_w");
  h.idle_w = optional_number(json, "idle_w");
  h.clock_hz = optional_number(json, "clock_hz");
  h.process_nm = optional_number(json, "process_nm");
  if (const auto year = optional_number(json, "year")) {
    if (!(*year >= 1970 && *year <= 2100))
      throw Error(ErrorKind::invalid_input, "year: expected four digits, found " + json.at("year").dump());
    h.year = static_cast<int>(*year);
  }
  if (json.contains("matrix_units")) h.matrix_units = json.at("matrix_units").get<bool>();
  h.idle_w_by_clock_mhz = by_clock(json, "idle_w_by_clock_mhz");
  h.supply_v_by_clock_mhz = by_clock(json, "supply_v_by_clock_mhz");
  h.scope = json.at("scope");
  for (const auto& [field, source] : json.at("sources").items()) h.sources[field] = source.get<std::string>();
  require_possible(h);
  return h;
} catch (const Json::exception& e) {
  throw Error(ErrorKind::invalid_input, "hardware/" + std::string(id) + ".json: " + e.what());
} catch (const Error& e) {
  throw e.within("hardware/" + std::string(id) + ".json");
}

}  // namespace wattlayer
