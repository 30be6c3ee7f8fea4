#include "wattlayer/core/hardware.h"

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

}  // namespace

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
  for (const auto& [type, value] : json.at("peak_flops").items()) h.peak_flops[require_data_type(type)] = value.get<double>();
  h.vector_flops = optional_number(json, "vector_flops");
  h.bandwidth_bytes_per_s = optional_number(json, "bandwidth_bytes_per_s");
  for (const Json& level : json.at("memory"))
    h.memory.push_back(
        {level.at("name"), level.at("bytes"), level.value("units", 1.0), optional_number(level, "bandwidth_bytes_per_s")});
  h.tdp_w = optional_number(json, "tdp_w");
  h.idle_w = optional_number(json, "idle_w");
  h.clock_hz = optional_number(json, "clock_hz");
  h.scope = json.at("scope");
  for (const auto& [field, source] : json.at("sources").items()) h.sources[field] = source.get<std::string>();
  return h;
} catch (const Json::exception& e) {
  throw Error(ErrorKind::invalid_input, "hardware/" + std::string(id) + ".json: " + e.what());
} catch (const Error& e) {
  throw e.within("hardware/" + std::string(id) + ".json");
}

}  // namespace wattlayer
