#include "cli/energy_model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

const Json nothing;

const Json& member(const Json& json, const char* key) {
  if (!json.is_object()) return nothing;
  const auto at = json.find(key);
  return at == json.end() ? nothing : *at;
}

/// Only an object or an array has elements; nlohmann iterates over plain values too.
const Json& listed(const Json& json) { return json.is_structured() ? json : nothing; }

std::string text_of(const Json& json) { return json.is_string() ? printable(json.get<std::string>()) : ""; }

std::optional<double> number_of(const Json& json) {
  if (!json.is_number()) return std::nullopt;
  return json.get<double>();
}

HeldOutErrors errors_of(const Json& json) {
  return {number_of(member(json, "rows")),
          number_of(member(json, "blocks")),
          number_of(member(json, "medape_percent")),
          number_of(member(json, "mape_percent")),
          number_of(member(json, "interval90_factor")),
          number_of(member(json, "coverage_percent"))};
}

bool is_short(const Json& json) { return !json.is_structured() || json.empty(); }

std::string value_text(const Json& json) { return json.is_string() ? json.get<std::string>() : json.dump(); }

std::string indented(const Json& json, size_t indent) {
  const std::string blanks(indent, ' ');
  std::string text;
  for (const auto& [key, value] : json.items()) {
    if (value.is_null() || value == "") continue;  // not known
    const std::string label = json.is_array() ? blanks + "-" : fmt::format("{}{}:", blanks, printable(key));
    if (is_short(value)) {
      text += wrapped(label + " " + printable(value_text(value)), 100, std::string(indent + 2, ' '));
    } else if (value.is_array() && std::all_of(value.begin(), value.end(), is_short)) {
      std::string list;
      for (const Json& item : value) list += (list.empty() ? "" : ", ") + printable(value_text(item));
      text += wrapped(label + " " + list, 100, std::string(indent + 2, ' '));
    } else {
      text += label + "\n" + indented(value, indent + 2);
    }
  }
  return text;
}

}  // namespace

CardFacts read_card(const std::string& card) {
  const Json json = card.empty() ? Json::object() : Json::parse(card);
  CardFacts facts;
  facts.data = text_of(member(json, "data"));
  facts.fitted = text_of(member(json, "fitted"));
  for (const auto& [dataset, kinds] : listed(member(json, "rows")).items()) {
    facts.datasets.push_back(printable(dataset));
    for (const Json& count : listed(kinds))
      if (count.is_number()) facts.rows = facts.rows.value_or(0) + count.get<double>();
  }
  const Json& held_out = member(json, "held_out_blocks");
  facts.layers = errors_of(member(held_out, "layers"));
  facts.networks = errors_of(member(held_out, "networks"));
  std::vector<std::pair<double, std::string>> groups;
  for (const auto& [group, count] : listed(member(json, "distinct_layers_by_group")).items())
    if (count.is_number()) groups.emplace_back(-count.get<double>(), printable(group));
  std::sort(groups.begin(), groups.end());
  for (const auto& [count, group] : groups) facts.measured.push_back(fmt::format("{} {:g}", group, -count));
  for (const Json& weakness : listed(member(json, "weaknesses")))
    if (weakness.is_string()) facts.weaknesses.push_back(text_of(weakness));
  return facts;
}

std::string card_text(const std::string& card) { return card.empty() ? "" : indented(Json::parse(card), 0); }

}  // namespace wattlayer::cli
