#include "wattlayer/budget/baseline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

WorkloadItem item_of(const Json& json) {
  WorkloadItem item;
  const std::string text = json.at("layer");
  try {
    item.layer = parse_layer(text);
  } catch (const Error& e) {
    throw e.within(fmt::format("layer '{}'", text));
  }
  item.count = json.at("count");
  if (!(item.count > 0) || !std::isfinite(item.count))
    throw Error(ErrorKind::invalid_input, fmt::format("layer '{}': count is {:g}; expected a number above 0", text, item.count));
  item.names = json.at("names").get<std::vector<std::string>>();
  return item;
}

BaselineEstimate estimate_of(const Json& json) {
  BaselineEstimate e;
  e.network = json.at("network");
  e.hardware = json.at("hardware"), e.engine = json.at("engine");
  e.scope = json.at("scope"), e.energy_model = json.at("energy_model");
  e.dtype = require_data_type(json.at("dtype").get<std::string>());
  e.batch = json.at("batch");
  e.energy_j = json.at("energy_j").at("value");
  e.incomplete = json.value("interval_note", "") == "incomplete";
  e.workload.name = e.network, e.workload.batch = e.batch;
  const auto layers = json.find("layers");
  if (layers == json.end())
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} has no layers; a baseline is the output of `wattlayer estimate --json`, "
                            "not of --list",
                            e.network));
  for (const Json& layer : *layers) e.workload.items.push_back(item_of(layer));
  return e;
}

std::string target_of(std::string_view hardware, std::string_view engine, DataType dtype) {
  return fmt::format("{}/{}/{}", hardware, engine, name(dtype));
}

}  // namespace

std::string BaselineEstimate::text() const {
  return fmt::format("{} on {} at batch {}", network, target_of(hardware, engine, dtype), batch);
}

const BaselineEstimate* Baseline::find(const EstimateReport& now) const {
  const Estimate& e = now.estimate;
  std::vector<std::string> others;
  for (const BaselineEstimate& b : estimates) {
    if (b.network != now.network) continue;
    if (b.hardware != e.hardware || b.engine != e.engine || b.dtype != e.dtype || b.batch != e.batch) {
      others.push_back(b.text());
      continue;
    }
    if (b.scope != e.scope)
      throw Error(ErrorKind::invalid_input, fmt::format("{}: {} covers {}, the estimate covers {}: they cannot be compared",
                                                        file.string(), b.text(), b.scope, e.scope));
    return &b;
  }
  if (others.empty()) return nullptr;
  throw Error(
      ErrorKind::invalid_input,
      fmt::format("{} knows {}, not {} at batch {}; write it with `wattlayer estimate --json` for the same --on and --batch",
                  file.string(), fmt::join(others, ", "), target_of(e.hardware, e.engine, e.dtype), e.batch));
}

Baseline parse_baseline(std::string_view text, const std::filesystem::path& file) try {
  const Json json = Json::parse(text);
  if (!json.is_object() || json.value("schema", 0) != 1 || !json.contains("estimates"))
    throw Error(ErrorKind::invalid_input, "not an output of `wattlayer estimate --json`: schema 1 with estimates is expected");
  Baseline baseline{.file = file};
  for (const Json& estimate : json["estimates"]) baseline.estimates.push_back(estimate_of(estimate));
  if (baseline.estimates.empty()) throw Error(ErrorKind::invalid_input, "no estimate in it");
  return baseline;
} catch (const nlohmann::json::exception& e) {
  std::string why = e.what();
  if (const size_t end = why.find("] "); why.starts_with("[json.") && end != why.npos) why.erase(0, end + 2);
  throw Error(ErrorKind::invalid_input, fmt::format("{}: not an output of `wattlayer estimate --json`: {}", file.string(), why));
} catch (const Error& e) {
  throw e.within(file.string());
}

}  // namespace wattlayer
