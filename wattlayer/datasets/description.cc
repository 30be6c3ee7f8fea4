#include "wattlayer/datasets/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/core/other_blocks.h"

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

std::map<std::string, std::string> texts_by_name(const Json& json, const std::string& field) {
  std::map<std::string, std::string> result;
  if (!json.contains(field)) return result;
  if (!json[field].is_object()) wrong(field, "an object of texts");
  for (const auto& [name, value] : json[field].items()) {
    if (!value.is_string()) wrong(field, "an object of texts");
    result[name] = value.get<std::string>();
  }
  return result;
}

uint64_t whole_number(const Json& json, const std::string& field) {
  if (!json.contains(field) || !json[field].is_number_unsigned()) wrong(field, "a whole number of 0 or more");
  return json[field].get<uint64_t>();
}

/// Fields of a rule that a table may state for all its rules.
constexpr std::string_view rule_fields[] = {"where",      "kind",        "layer",   "network", "row",         "block",
                                            "parent",     "batch",       "scope",   "meter",   "energy_j",    "time_s",
                                            "parameters", "hardware",    "engine",  "dtype",   "energy_sd_j", "repetitions",
                                            "conditions", "keeps_types", "training"};

TrainingRule parse_training(const Json& json) {
  allow_only(json, "training",
             {"optimizer", "samples", "validation_samples", "epochs", "frozen_until", "kernels", "loss", "without_forward"});
  return {.optimizer = text(json, "optimizer"),
          .samples = text(json, "samples", ""),
          .validation_samples = text(json, "validation_samples", ""),
          .kernels = text(json, "kernels", ""),
          .epochs = text(json, "epochs", ""),
          .frozen_until = text(json, "frozen_until", ""),
          .loss = text(json, "loss", ""),
          .without_forward = truth(json, "without_forward", false)};
}

/// A rule of a table; what it does not say, the table says for all its rules.
RowRule parse_rule(const Json& json, const Json& table) {
  const auto& fields = rule_fields;
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
  rule.hardware = text(both, "hardware", "");
  rule.engine = text(both, "engine", "");
  rule.dtype = text(both, "dtype", "");
  rule.scope = text(both, "scope", "");
  rule.meter = text(both, "meter", "");
  rule.conditions = texts_by_name(both, "conditions");
  rule.keeps_types = truth(both, "keeps_types", false);
  if (both.contains("training")) rule.training = parse_training(both["training"]);
  if ((rule.kind == "training-step") != rule.training.has_value())
    wrong("training", "it in rules of kind training-step, and in no other");
  if (rule.training && rule.network.empty() != rule.training->without_forward)
    wrong("training", "without_forward in rules of one layer, and in no other");
  if (rule.training && rule.network.empty() != rule.training->samples.empty())
    wrong("training", "samples in rules of a network, and in no other");
  if (rule.layer.empty() == rule.network.empty()) wrong("rows", "either layer or network in each rule");
  if (std::find(std::begin(measurement_kinds), std::end(measurement_kinds), rule.kind) == std::end(measurement_kinds))
    throw Error(ErrorKind::invalid_input, fmt::format("kind: expected one of {}", fmt::join(measurement_kinds, ", ")));
  return rule;
}

DerivedColumn parse_derived(const Json& json) {
  allow_only(json, "derive", {"names", "from", "pattern", "map", "lookup", "inverse", "otherwise", "occurrence", "without"});
  DerivedColumn column{.names = texts(json.value("names", Json()), "names"), .from = text(json, "from")};
  column.without = text(json, "without", "");
  column.pattern = text(json, "pattern", "");
  column.map = texts_by_name(json, "map");
  column.lookup = text(json, "lookup", "");
  column.inverse = truth(json, "inverse", false);
  column.occurrence = truth(json, "occurrence", false);
  if (json.contains("otherwise")) column.otherwise = text(json, "otherwise");
  if (json.contains("pattern") + json.contains("map") + json.contains("lookup") + json.contains("without") + column.occurrence >
      1)
    wrong("derive", "at most one of pattern, map, lookup, without and occurrence");
  if (column.names.empty() || (column.pattern.empty() && column.names.size() != 1))
    wrong("names", "the name of the derived column, or those of the groups of the pattern");
  return column;
}

DropRule parse_drop(const Json& json) {
  allow_only(json, "drop", {"reason", "where", "value", "from", "to", "copies_of"});
  return {text(json, "reason"),    condition(json),       text(json, "value", ""),
          number(json, "from", 0), number(json, "to", 0), text(json, "copies_of", "")};
}

DatasetTable parse_table(const Json& json) {
  std::vector<std::string_view> known = {"files", "optional", "format", "draw", "derive", "drop", "rows"};
  known.insert(known.end(), std::begin(rule_fields), std::end(rule_fields));
  allow_only(json, "tables", known);
  DatasetTable table{.files = texts(json.value("files", Json()), "files"), .optional = truth(json, "optional", false)};
  const std::string format = text(json, "format", "");
  if (!format.empty() && format != "csv_v1") wrong("format", "csv_v1, what `wattlayer export` writes, or no format");
  if ((table.measurements = !format.empty())) {
    allow_only(json, "tables of format csv_v1", {"files", "optional", "format"});
    return table;
  }
  for (const Json& draw : json.value("draw", Json::array())) {
    allow_only(draw, "draw", {"where", "one_in"});
    table.draw.push_back({condition(draw), whole_number(draw, "one_in")});
  }
  for (const Json& column : json.value("derive", Json::array())) table.derive.push_back(parse_derived(column));
  for (const Json& drop : json.value("drop", Json::array())) table.drop.push_back(parse_drop(drop));
  if (!json.contains("rows") || !json["rows"].is_array() || json["rows"].empty()) wrong("rows", "a list of at least one rule");
  for (const Json& rule : json["rows"]) table.rows.push_back(parse_rule(rule, json));
  return table;
}

/// The files and derived columns of a table without rules.
DatasetTable parse_columns(const Json& json) {
  DatasetTable table{.files = texts(json.value("files", Json()), "files")};
  for (const Json& column : json.value("derive", Json::array())) table.derive.push_back(parse_derived(column));
  return table;
}

SeriesTable parse_series(const Json& json) {
  allow_only(json, "series",
             {"files", "derive", "where", "hardware", "series", "block", "fewest_epochs", "epoch", "energy_j", "duration_s",
              "time_s", "power_w", "group", "totals"});
  SeriesTable s{.table = parse_columns(json), .where = condition(json), .hardware = text(json, "hardware")};
  s.series = text(json, "series");
  s.block = text(json, "block");
  if (json.contains("fewest_epochs")) s.fewest_epochs = whole_number(json, "fewest_epochs");
  const bool trace = json.contains("power_w");
  for (auto [field, value] : {std::pair{"epoch", &s.epoch}, {"energy_j", &s.energy_j}})
    if (json.contains(field) != trace) *value = text(json, field, "");
    else wrong(field, "epoch and energy_j of each epoch, or time_s and power_w of a trace");
  s.duration_s = text(json, "duration_s", "");
  if (!trace) return s;
  s.time_s = text(json, "time_s");
  s.power_w = text(json, "power_w");
  s.group = text(json, "group");
  const Json totals = json.value("totals", Json());
  allow_only(totals, "totals", {"files", "derive", "group", "epochs", "energy_j", "duration_s"});
  s.totals = {parse_columns(totals), text(totals, "group"), text(totals, "epochs"), text(totals, "energy_j"),
              text(totals, "duration_s")};
  return s;
}

Split parse_split(const Json& json) {
  allow_only(json, "splits",
             {"name", "kind", "train", "test", "by", "folds", "calibration_rows", "with", "without", "by_operator", "train_share",
              "test_share", "seeds", "habitual"});
  Split split{.name = text(json, "name")};
  const std::string kind = text(json, "kind");
  if (kind == "kinds") split.kind = Split::Kind::kinds;
  else if (kind == "leave-block") split.kind = Split::Kind::leave_block;
  else if (kind == "random") split.kind = Split::Kind::random;
  else if (kind == "leave-hardware") split.kind = Split::Kind::leave_hardware;
  else wrong("kind of a split", "kinds, leave-block, random or leave-hardware");
  split.by = text(json, "by", "");
  split.with = text(json, "with", "");
  split.without = text(json, "without", "");
  if (json.contains("folds")) split.folds = whole_number(json, "folds");
  if (json.value("calibration_rows", Json()) == "other blocks") {
    split.calibration_rows = {other_blocks};
  } else if (json.contains("calibration_rows")) {
    split.calibration_rows.clear();
    if (!json["calibration_rows"].is_array())
      wrong("calibration_rows", "a list of whole numbers of 0 or more, or the text `other blocks`");
    for (const Json& rows : json["calibration_rows"]) {
      if (!rows.is_number_unsigned()) wrong("calibration_rows", "a list of whole numbers of 0 or more");
      split.calibration_rows.push_back(rows.get<size_t>());
    }
  }
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

AccuracyTarget parse_target(const Json& json, const std::vector<Split>& splits) {
  allow_only(
      json, "targets",
      {"split", "unit", "level", "hardware", "engine", "scope", "figure", "epochs_seen", "method", "must_reach", "aim", "note"});
  AccuracyTarget target{.split = text(json, "split"), .unit = text(json, "unit", "all"), .level = text(json, "level", "")};
  target.hardware = text(json, "hardware", "");
  target.engine = text(json, "engine", "");
  target.scope = text(json, "scope", "");
  target.figure = text(json, "figure");
  target.method = text(json, "method", "");
  target.note = text(json, "note", "");
  if (json.contains("must_reach")) target.must_reach = number(json, "must_reach", 0);
  if (json.contains("aim")) target.aim = number(json, "aim", 0);
  if (json.contains("epochs_seen")) target.epochs_seen = whole_number(json, "epochs_seen");
  static constexpr std::string_view figures[] = {"medape", "mape", "p90", "r2", "time_medape", "time_mape", "coverage90"};
  if (std::find(std::begin(figures), std::end(figures), target.figure) == std::end(figures))
    wrong("figure", "medape, mape, p90, r2, time_medape, time_mape or coverage90");
  if (std::none_of(splits.begin(), splits.end(), [&](const Split& split) { return split.name == target.split; }))
    wrong("targets", "the name of one of its splits");
  return target;
}

}  // namespace

DatasetDescription parse_dataset(std::string_view json_text, std::string_view id) {
  try {
    const Json json = Json::parse(json_text, nullptr, false);
    allow_only(json, "description",
               {"schema", "title", "source", "licence", "hardware", "engine", "dtype", "scope", "idle_included", "meter",
                "method", "tables", "series", "apart", "splits", "targets"});
    if (json.value("schema", 0) != 1) wrong("schema", "1");
    DatasetDescription d{
        .id = std::string(id), .title = text(json, "title"), .source = text(json, "source"), .licence = text(json, "licence")};
    d.hardware = text(json, "hardware", "");
    d.engine = text(json, "engine", "");
    d.scope = text(json, "scope");
    d.meter = text(json, "meter");
    d.method = text(json, "method", "counter");
    d.dtype = require_data_type(text(json, "dtype", "f32"));
    d.idle_included = truth(json, "idle_included", true);
    for (const Json& table : json.value("tables", Json::array())) d.tables.push_back(parse_table(table));
    for (const Json& series : json.value("series", Json::array())) d.series.push_back(parse_series(series));
    if (d.tables.empty() && d.series.empty()) wrong("tables", "at least one table, or one of series");
    for (const DatasetTable& table : d.tables) {
      const auto lacks = [&](std::string RowRule::*field) {
        return std::any_of(table.rows.begin(), table.rows.end(), [&](const RowRule& rule) { return (rule.*field).empty(); });
      };
      if (d.hardware.empty() && (table.measurements || lacks(&RowRule::hardware))) wrong("hardware", "it here or in each rule");
      if (d.engine.empty() && (table.measurements || lacks(&RowRule::engine))) wrong("engine", "it here or in each rule");
    }
    if (json.contains("apart")) d.apart = texts(json["apart"], "apart");
    for (const Json& split : json.value("splits", Json::array())) d.splits.push_back(parse_split(split));
    if (!d.series.empty() && d.splits.empty()) wrong("splits", "one for the series, whose name stands in the rows");
    for (const Json& target : json.value("targets", Json::array())) d.targets.push_back(parse_target(target, d.splits));
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
