#include "wattlayer/datasets/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

[[noreturn]] void wrong(std::string_view field, std::string_view expected) {
  throw Error(ErrorKind::invalid_input, fmt::format("{}: expected {}", field, expected));
}

/// Refuses fields that nobody reads: a misspelt one would be silently without effect.
void allow_only(const Json& json, std::string_view where, const std::vector<std::string_view>& known) {
  if (!json.is_object()) wrong(where, "a JSON object");
  for (const auto& [key, value] : json.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{}: field '{}' is unknown; expected one of {}", where, key, fmt::join(known, ", ")));
}

std::string text(const Json& json, const std::string& field, std::optional<std::string> otherwise = std::nullopt) {
  if (!json.contains(field)) {
    if (otherwise) return *otherwise;
    wrong(field, "a text; it is missing");
  }
  if (!json[field].is_string()) wrong(field, "a text");
  return json[field].get<std::string>();
}

double number(const Json& json, const std::string& field, double otherwise) {
  if (!json.contains(field)) return otherwise;
  if (!json[field].is_number()) wrong(field, "a number");
  return json[field].get<double>();
}

bool truth(const Json& json, const std::string& field, bool otherwise) {
  if (!json.contains(field)) return otherwise;
  if (!json[field].is_boolean()) wrong(field, "true or false");
  return json[field].get<bool>();
}

/// A text or a list of texts.
std::vector<std::string> texts(const Json& json, std::string_view field) {
  if (json.is_string()) return {json.get<std::string>()};
  std::vector<std::string> list;
  if (!json.is_array()) wrong(field, "a text or a list of texts");
  for (const Json& entry : json) {
    if (!entry.is_string()) wrong(field, "a text or a list of texts");
    list.push_back(entry.get<std::string>());
  }
  return list;
}

RowCondition condition(const Json& json) {
  RowCondition result;
  if (!json.contains("where")) return result;
  if (!json["where"].is_object()) wrong("where", "an object of columns and texts");
  for (const auto& [column, wanted] : json["where"].items()) result[column] = texts(wanted, "where");
  return result;
}

/// A rule of a table; what it does not say, the table says for all its rules.
RowRule parse_rule(const Json& json, const Json& table) {
  static constexpr std::string_view fields[] = {"where",       "kind",        "layer",     "network",  "row",
                                                "block",       "parent",      "batch",     "energy_j", "time_s",
                                                "energy_sd_j", "repetitions", "parameters"};
  allow_only(json, "rows", {std::begin(fields), std::end(fields)});
  Json both = json;
  for (std::string_view field : fields)
    if (!both.contains(field) && table.contains(field)) both[std::string(field)] = table[std::string(field)];
  RowRule rule{.where = condition(both),
               .kind = text(both, "kind"),
               .layer = text(both, "layer", ""),
               .network = text(both, "network", "")};
  rule.row = text(both, "row");
  rule.block = text(both, "block", "");
  rule.parent = text(both, "parent", "");
  rule.batch = text(both, "batch", "1");
  rule.energy_j = text(both, "energy_j", "");
  rule.energy_sd_j = text(both, "energy_sd_j", "");
  rule.time_s = text(both, "time_s", "");
  rule.repetitions = text(both, "repetitions", "");
  rule.parameters = text(both, "parameters", "");
  if (rule.layer.empty() == rule.network.empty()) wrong("rows", "either layer or network in each rule");
  if (rule.kind != "random-layer" && rule.kind != "real-layer" && rule.kind != "network")
    wrong("kind", "random-layer, real-layer or network");
  return rule;
}

DatasetTable parse_table(const Json& json) {
  allow_only(json, "tables",
             {"files", "optional", "format", "drop", "rows", "layer", "network", "kind", "row", "block", "parent", "batch",
              "energy_j", "time_s", "energy_sd_j", "repetitions", "parameters"});
  DatasetTable table{.files = texts(json.value("files", Json()), "files"), .optional = truth(json, "optional", false)};
  const std::string format = text(json, "format", "");
  if (!format.empty() && format != "csv_v1") wrong("format", "csv_v1, what `wattlayer export` writes, or no format");
  if ((table.measurements = !format.empty())) {
    allow_only(json, "tables of format csv_v1", {"files", "optional", "format"});
    return table;
  }
  for (const Json& drop : json.value("drop", Json::array())) {
    allow_only(drop, "drop", {"reason", "where", "value", "from", "to"});
    table.drop.push_back(
        {text(drop, "reason"), condition(drop), text(drop, "value", ""), number(drop, "from", 0), number(drop, "to", 0)});
  }
  if (!json.contains("rows") || !json["rows"].is_array() || json["rows"].empty()) wrong("rows", "a list of at least one rule");
  for (const Json& rule : json["rows"]) table.rows.push_back(parse_rule(rule, json));
  return table;
}

Split parse_split(const Json& json) {
  allow_only(json, "splits", {"name", "kind", "train", "test", "by_operator", "train_share", "test_share", "seeds", "habitual"});
  Split split{.name = text(json, "name")};
  const std::string kind = text(json, "kind");
  if (kind == "kinds") split.kind = Split::Kind::kinds;
  else if (kind == "leave-block") split.kind = Split::Kind::leave_block;
  else if (kind == "random") split.kind = Split::Kind::random;
  else wrong("kind of a split", "kinds, leave-block or random");
  split.train = texts(json.value("train", Json()), "train");
  split.test = texts(json.value("test", Json()), "test");
  split.by_operator = truth(json, "by_operator", false);
  split.train_share = number(json, "train_share", 1);
  split.test_share = number(json, "test_share", 0);
  for (const Json& seed : json.value("seeds", Json::array())) {
    if (!seed.is_number_unsigned()) wrong("seeds", "a list of whole numbers of 0 or more");
    split.seeds.push_back(seed.get<uint32_t>());
  }
  split.habitual = truth(json, "habitual", true);
  const bool random = split.kind == Split::Kind::random;
  if (split.train_share <= 0 || split.test_share < 0 || split.train_share + split.test_share > 1 + 1e-9 ||
      (random && split.test_share <= 0))
    wrong("train_share and test_share", "positive shares of at most 1 together");
  if (split.seeds.empty() && (random || split.train_share < 1)) wrong("seeds", "at least one seed for a split that draws rows");
  return split;
}

}  // namespace

DatasetDescription parse_dataset(std::string_view json_text, std::string_view id) {
  try {
    const Json json = Json::parse(json_text, nullptr, false);
    allow_only(json, "description",
               {"schema", "title", "source", "licence", "hardware", "engine", "dtype", "scope", "idle_included", "meter",
                "method", "tables", "splits"});
    if (json.value("schema", 0) != 1) wrong("schema", "1");
    DatasetDescription d{
        .id = std::string(id), .title = text(json, "title"), .source = text(json, "source"), .licence = text(json, "licence")};
    d.hardware = text(json, "hardware");
    d.engine = text(json, "engine");
    d.scope = text(json, "scope");
    d.meter = text(json, "meter");
    d.method = text(json, "method", "counter");
    d.dtype = require_data_type(text(json, "dtype", "f32"));
    d.idle_included = truth(json, "idle_included", true);
    for (const Json& table : json.value("tables", Json::array())) d.tables.push_back(parse_table(table));
    if (d.tables.empty()) wrong("tables", "at least one table");
    for (const Json& split : json.value("splits", Json::array())) d.splits.push_back(parse_split(split));
    return d;
  } catch (const Error& e) {
    throw e.within(fmt::format("data set {}", id));
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::invalid_input, fmt::format("data set {}: {}", id, e.what()));
  }
}

DatasetDescription require_dataset(const DataFiles& files, std::string_view id) {
  if (const auto text = files.read("datasets", std::string(id) + ".json")) return parse_dataset(*text, id);
  std::string known;
  for (const std::string& name : files.list("datasets"))
    if (name.ends_with(".json")) known += (known.empty() ? "" : ", ") + name.substr(0, name.size() - 5);
  throw Error(ErrorKind::invalid_input, fmt::format("data set '{}' is unknown; known are {}", id, known));
}

}  // namespace wattlayer
