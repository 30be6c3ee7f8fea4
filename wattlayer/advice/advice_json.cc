#include <nlohmann/json.hpp>

#include "wattlayer/advice/advice.h"

// The fields are documented in docs/formats/advice_v1.md.
namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json interval(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

Json levers_json(const std::vector<Lever>& levers) {
  Json all = Json::array();
  for (const Lever& l : levers)
    all.push_back({{"kind", l.kind},
                   {"change", l.change},
                   {"saving_j", interval(l.saving_j)},
                   {"saving", interval(l.saving)},
                   {"basis", name(l.basis)},
                   {"calibrated", l.calibrated},
                   {"rests_on", l.rests_on},
                   {"costs", l.costs}});
  return all;
}

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

std::string advice_json(const Advice& a) {
  const Estimate& e = a.now.estimate;
  Json json{{"schema", 1},
            {"network", a.now.network},
            {"file", a.now.file},
            {"hardware", e.hardware},
            {"engine", e.engine},
            {"dtype", name(e.dtype)},
            {"batch", e.batch},
            {"scope", e.scope},
            {"energy_model", e.energy_model},
            {"coverage", e.coverage},
            {"energy_per_inference_j", interval(a.now.energy_per_inference_j)}};
  json["levers"] = levers_json(a.levers);
  json["cannot_tell"] = levers_json(a.cannot_tell);
  json["waits_for"] = Json::object();
  for (size_t r = 0; r < regime_kinds; ++r) json["waits_for"][std::string(name(static_cast<Regime>(r)))] = a.regime_share[r];
  json["dearest"] = Json::array();
  for (const DearLayer& d : a.dearest)
    json["dearest"].push_back({{"name", d.row.name},
                               {"op", d.row.op},
                               {"layer", d.row.layer},
                               {"count", d.row.count},
                               {"energy_j", interval(d.row.energy_j)},
                               {"share", d.row.share},
                               {"label", name(d.row.label)},
                               {"waits_for", name(d.regime)},
                               {"would_help", d.would_help}});
  json["batches"] = Json::array();
  for (const BatchStep& s : a.batches)
    json["batches"].push_back({{"batch", s.batch},
                               {"energy_per_inference_j", interval(s.energy_per_inference_j)},
                               {"time_s", interval(s.time_s)},
                               {"memory_bytes", s.memory_bytes}});
  json["idle_w"] = number(a.idle_w);
  json["even_rate_hz"] = number(a.even_rate_hz);
  json["remarks"] = a.remarks;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace wattlayer
