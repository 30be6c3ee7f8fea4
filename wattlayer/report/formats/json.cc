#include <nlohmann/json.hpp>

#include "wattlayer/report/comparison.h"
#include "wattlayer/report/format.h"
#include "wattlayer/report/inspection.h"
#include "wattlayer/report/report.h"

// The fields are documented in docs/formats/estimate_v1.md, comparison_v1.md and inspection_v1.md.
namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json interval(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

Json layer_json(const LayerRow& row) {
  return {{"name", row.name},
          {"names", row.names},
          {"op", row.op},
          {"fused", row.fused},
          {"layer", row.layer},
          {"count", row.count},
          {"macs", row.macs},
          {"energy_j", row.energy_j.value},
          {"energy_low_j", row.energy_j.low},
          {"energy_high_j", row.energy_j.high},
          {"time_s", row.time_s.value},
          {"share", row.share},
          {"label", name(row.label)}};
}

/// Operators and layers, which estimates of a list do not have.
void add_layers(Json& json, const EstimateReport& r) {
  json["pass_energy_j"] = r.pass_energy_j;
  json["operators"] = Json::array();
  for (const OperatorRow& row : r.operators)
    json["operators"].push_back(
        {{"op", row.op}, {"count", row.count}, {"macs", row.macs}, {"energy_j", row.energy_j}, {"share", row.share}});
  json["layers"] = Json::array();
  for (const LayerRow& row : r.layers) json["layers"].push_back(layer_json(row));
}

/// What was asked for besides energy; absent where nothing was.
void add_derived(Json& json, const EstimateReport& r) {
  for (const DerivedFigure& f : r.derived)
    json["derived"].push_back({{"name", f.name},
                               {"value", f.value.value},
                               {"low", f.value.low},
                               {"high", f.value.high},
                               {"unit", f.unit},
                               {"basis", f.basis}});
}

Json estimate_json(const EstimateReport& r, bool totals) {
  const Estimate& e = r.estimate;
  Json json{{"network", r.network},
            {"file", r.file},
            {"hardware", e.hardware},
            {"engine", e.engine},
            {"dtype", name(e.dtype)},
            {"batch", e.batch},
            {"scope", e.scope},
            {"idle_included", e.idle_included},
            {"energy_model", e.energy_model},
            {"energy_j", interval(e.energy_j)},
            {"energy_per_inference_j", interval(r.energy_per_inference_j)},
            {"time_s", interval(e.time_s)},
            {"power_w", interval(e.power_w)},
            {"coverage", e.coverage},
            {"macs", e.macs},
            {"parameters", e.parameters},
            {"interval_note", e.interval_note}};
  if (e.stated_power_w) json["stated_power_w"] = *e.stated_power_w;
  if (!totals) add_layers(json, r);
  json["unpriced"] = Json::array();
  for (const Unpriced& u : e.unpriced)
    json["unpriced"].push_back(
        {{"op", u.op}, {"count", u.count}, {"bound_j", u.bound_j ? Json(*u.bound_j) : Json(nullptr)}, {"reason", u.reason}});
  add_derived(json, r);
  json["remarks"] = r.remarks;
  return json;
}

// Names in a network may hold any bytes; JSON holds UTF-8 only.
std::string dump(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string estimates(const Report& report, const Rendering& rendering) {
  Json list = Json::array();
  for (const EstimateReport& r : report.estimates) list.push_back(estimate_json(r, rendering.totals));
  Json json{{"schema", 1}, {"estimates", std::move(list)}};
  for (const Failure& f : report.failures)
    json["failures"].push_back({{"line", f.line}, {"network", f.network}, {"reason", f.reason}});
  return dump(json);
}

Json compared_json(const ComparedEstimate& row, bool layers) {
  Json json = estimate_json(row.estimate, !layers);
  json["accuracy"] = row.accuracy ? Json(*row.accuracy) : Json(nullptr);
  json["sufficient"] = row.sufficient;
  json["front"] = name(row.front);
  json["over_winner"] = row.over_winner ? interval(*row.over_winner) : Json(nullptr);
  json["clearly_dearer"] = row.clear;
  return json;
}

Json pair_json(const ComparedPair& p) {
  return {{"cheap", p.cheap},
          {"dear", p.dear},
          {"ratio", interval(p.ratio)},
          {"independent_ratio", interval(p.independent)},
          {"saving_j", p.saving_j},
          {"clear", p.clear},
          {"relation", name(p.relation)},
          {"common_share", p.common_share},
          {"basis", p.basis}};
}

Json contest_json(const Contest& contest) {
  return {{"network", contest.network.empty() ? Json(nullptr) : Json(contest.network)},
          {"energy_model", contest.target.empty() ? Json(nullptr) : Json(contest.target)},
          {"batch", contest.batch ? Json(*contest.batch) : Json(nullptr)},
          {"rows", contest.rows},
          {"tied", contest.tied},
          {"clear", contest.clear()}};
}

std::string comparison(const Comparison& c, const Rendering& rendering) {
  Json json{{"schema", 1}, {"min_accuracy", c.min_accuracy ? Json(*c.min_accuracy) : Json(nullptr)}};
  for (const char* list : {"rows", "pairs", "contests"}) json[list] = Json::array();
  for (const ComparedEstimate& row : c.rows) json["rows"].push_back(compared_json(row, rendering.all_layers));
  for (const ComparedPair& p : c.pairs) json["pairs"].push_back(pair_json(p));
  for (const Contest& contest : c.contests) json["contests"].push_back(contest_json(contest));
  json["remarks"] = c.remarks;
  return dump(json);
}

Json node_json(const NodeRow& n) {
  return {{"name", n.name},
          {"op", n.op},
          {"layer", n.layer},
          {"shapes", n.shapes},
          {"count", n.count},
          {"macs", n.macs},
          {"parameters", n.parameters},
          {"activations", n.activations},
          {"folded", n.folded},
          {"in_catalogue", n.in_catalogue},
          {"resolved", n.resolved}};
}

std::string inspection(const Inspection& i, const Rendering&) {
  Json json{{"schema", 1},      {"network", i.network}, {"file", i.file},
            {"batch", i.batch}, {"inputs", i.inputs},   {"outputs", i.outputs}};
  json["totals"] = {{"macs", i.macs},
                    {"parameters", i.parameters},
                    {"weight_bytes", i.weight_bytes},
                    {"activations", i.activations},
                    {"nodes", i.nodes.size()},
                    {"operators", i.operators.size()}};
  json["operators"] = Json::array();
  json["unknown_operators"] = Json::array();
  for (const NodesOfOperator& o : i.operators) {
    json["operators"].push_back(
        {{"op", o.op}, {"nodes", o.nodes}, {"macs", o.macs}, {"parameters", o.parameters}, {"in_catalogue", o.in_catalogue}});
    if (!o.in_catalogue) json["unknown_operators"].push_back({{"op", o.op}, {"nodes", o.nodes}});
  }
  json["unresolved"] = i.unresolved;
  json["remarks"] = i.remarks;
  json["layers"] = Json::array();
  for (const NodeRow& n : i.nodes) json["layers"].push_back(node_json(n));
  return dump(json);
}

}  // namespace

const Format& json_format() {
  static constexpr Format format{"json", estimates, inspection, comparison};
  return format;
}

}  // namespace wattlayer
