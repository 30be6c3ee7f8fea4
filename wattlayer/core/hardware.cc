#include "wattlayer/core/hardware.h"

#include <algorithm>
#include <cmath>
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
  const Json json = Json::parse(text);
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
  return h;
} catch (const Json::exception& e) {
  throw Error(ErrorKind::invalid_input, "hardware/" + std::string(id) + ".json: " + e.what());
} catch (const Error& e) {
  throw e.within("hardware/" + std::string(id) + ".json");
}

}  // namespace wattlayer
