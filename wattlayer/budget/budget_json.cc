#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/budget/budget_formats.h"

// The fields are documented in docs/formats/budget_v1.md.
namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json interval(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json layer_json(const LayerChange& c) {
  return {{"kind", name(c.kind)},
          {"name", c.name},
          {"before", or_null(c.before)},
          {"after", or_null(c.after)},
          {"count", c.count},
          {"before_j", c.before.empty() ? Json() : interval(c.before_j)},
          {"after_j", c.after.empty() ? Json() : interval(c.after_j)},
          {"change_j", c.change_j()}};
}

Json change_json(const BudgetCheck& check) {
  const NetworkChange& c = *check.change;
  Json layers = Json::array();
  for (const LayerChange& layer : c.layers) layers.push_back(layer_json(layer));
  return {{"against", check.budget.against.string()},
          {"before_j", interval(c.before_j)},
          {"after_j", interval(c.after_j)},
          {"change_j", interval(c.change_j)},
          {"increase", check.increase ? interval(*check.increase) : Json()},
          {"equal_share", c.equal_share},
          {"incomplete", c.incomplete},
          {"pass_j", c.pass_j},
          {"layers", layers}};
}

Json limit_json(const Budget& budget) {
  if (!budget.limit) return nullptr;
  return {
      {"j", budget.limit->joules()}, {"per", budget.limit->per_batch ? "batch" : "inference"}, {"text", budget.limit->text()}};
}

Json check_json(const BudgetCheck& check) {
  const Budget& b = check.budget;
  Json json{{"network", check.estimate ? check.estimate->network : b.network}, {"file", b.network}, {"target", b.target}};
  if (check.estimate) {
    const Estimate& e = check.estimate->estimate;
    json["hardware"] = e.hardware, json["engine"] = e.engine, json["dtype"] = name(e.dtype), json["batch"] = e.batch;
    json["scope"] = e.scope, json["energy_model"] = e.energy_model;
    json["coverage"] = e.coverage, json["interval_note"] = e.interval_note;
  }
  json["verdict"] = name(check.verdict);
  json["reason"] = check.reason;
  json["limit"] = limit_json(b);
  json["max_increase"] = or_null(b.max_increase);
  json["confidence"] = b.certainty.confidence;
  json["min_coverage"] = b.certainty.min_coverage;
  json["energy_j"] = check.estimate ? interval(check.energy_j) : Json();
  json["chance_over"] = or_null(check.chance_over);
  json["change"] = check.change ? change_json(check) : Json();
  json["remarks"] = check.remarks;
  json["stated_in"] = b.file.empty() ? Json() : Json{{"file", b.file.string()}, {"line", b.line}};
  return json;
}

}  // namespace

std::string budget_json(std::span<const BudgetCheck> checks) {
  Json list = Json::array();
  for (const BudgetCheck& check : checks) list.push_back(check_json(check));
  const Verdict verdict = worst(checks);
  const Json json{{"schema", 1}, {"verdict", name(verdict)}, {"exit_status", exit_status(verdict)}, {"checks", std::move(list)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace wattlayer
