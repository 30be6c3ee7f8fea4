#include "wattlayer/bench/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;
constexpr int64_t most_batch = 1'000'000;

using Lists = std::map<std::string, std::vector<std::string>>;

/// An object of the file; done() refuses fields that nobody has read: a misspelt one would be silently without effect.
class Fields {
 public:
  Fields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object())
      throw Error(ErrorKind::invalid_input,
                  where_.empty() ? "expected a JSON object" : fmt::format("{}: expected a JSON object", where_));
  }

  [[noreturn]] void wrong(std::string_view field, std::string_view expected) const {
    const auto at = json_.find(field);
    const std::string found = at == json_.end() ? "nothing" : at->dump(-1, ' ', false, Json::error_handler_t::replace);
    throw Error(ErrorKind::invalid_input, fmt::format("{}: expected {}, found {}", place(field), expected, found.substr(0, 100)));
  }

  const Json* find(std::string_view field) {
    known_.emplace_back(field);
    const auto at = json_.find(field);
    return at == json_.end() ? nullptr : &*at;
  }

  std::string text(std::string_view field, std::optional<std::string> otherwise = std::nullopt) {
    const Json* value = find(field);
    if (!value && otherwise) return *otherwise;
    if (!value || !value->is_string() || value->get_ref<const std::string&>().empty()) wrong(field, "a text");
    return value->get<std::string>();
  }

  std::optional<double> positive(std::string_view field) {
    const Json* value = find(field);
    if (!value) return std::nullopt;
    const double number = value->is_number() ? value->get<double>() : -1;
    if (!(number > 0) || !std::isfinite(number)) wrong(field, "a positive number");
    return number;
  }

  std::optional<double> within(std::string_view field, double least, double most) {
    const Json* value = find(field);
    if (!value) return std::nullopt;
    const double number = value->is_number() ? value->get<double>() : least - 1;
    if (!(number >= least && number <= most)) wrong(field, fmt::format("a number from {:g} to {:.10g}", least, most));
    return number;
  }

  std::optional<int64_t> whole(std::string_view field, int64_t least = 1, int64_t most = 1'000'000'000'000'000) {
    const Json* value = find(field);
    if (!value) return std::nullopt;
    const bool is_whole =
        value->is_number_integer() ||
        (value->is_number() && value->get<double>() == std::floor(value->get<double>()) && std::abs(value->get<double>()) < 1e15);
    if (!is_whole || value->get<double>() < static_cast<double>(least) || value->get<double>() > static_cast<double>(most))
      wrong(field, fmt::format("a whole number from {} to {}", least, most));
    return static_cast<int64_t>(value->get<double>());
  }

  bool truth(std::string_view field, bool otherwise) {
    const Json* value = find(field);
    if (value && !value->is_boolean()) wrong(field, "true or false");
    return value ? value->get<bool>() : otherwise;
  }

  std::vector<std::string> texts(std::string_view field) {
    const Json* value = find(field);
    if (!value) return {};
    if (!value->is_array() || !std::all_of(value->begin(), value->end(), [](const Json& entry) { return entry.is_string(); }))
      wrong(field, "a list of texts");
    return value->get<std::vector<std::string>>();
  }

  std::vector<int64_t> wholes(std::string_view field, int64_t least = 1, int64_t most = 1'000'000'000'000'000) {
    const Json* value = find(field);
    if (!value) return {};
    const auto good = [&](const Json& entry) {
      return entry.is_number_integer() && entry.get<int64_t>() >= least && entry.get<int64_t>() <= most;
    };
    if (!value->is_array() || value->empty() || !std::all_of(value->begin(), value->end(), good))
      wrong(field, fmt::format("a list of whole numbers from {} to {}", least, most));
    return value->get<std::vector<int64_t>>();
  }

  std::vector<DataType> dtypes(std::string_view field) {
    std::vector<DataType> types;
    const std::vector<std::string> names = texts(field);
    if (find(field) && names.empty()) wrong(field, "at least one data type");
    try {
      for (const std::string& text : names) types.push_back(require_data_type(text));
    } catch (const Error& e) {
      throw e.within(place(field));
    }
    return types;
  }

  std::string place(std::string_view field) const {
    return where_.empty() ? std::string(field) : where_ + "." + std::string(field);
  }

  void done() const {
    for (const auto& [field, value] : json_.items())
      if (std::find(known_.begin(), known_.end(), field) == known_.end())
        throw Error(ErrorKind::invalid_input, fmt::format("field '{}' is unknown{}", place(field), nearest(field, known_)));
  }

 private:
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

/// Calls `read` with each object of a list.
template <class Read>
void each(Fields& fields, std::string_view field, Read&& read) {
  const Json* list = fields.find(field);
  if (!list) return;
  if (!list->is_array()) fields.wrong(field, "a list of objects");
  for (size_t i = 0; i < list->size(); ++i) {
    Fields entry((*list)[i], fmt::format("{}[{}]", field, i));
    read(entry);
    entry.done();
  }
}

/// `[1, 512]`, `{"of": [3, 5]}` or `{"from": 8, "to": 512, "multiple": 8, "scale": "linear"}`. Evenly in the logarithm where
/// the range spans a decade, unless it says otherwise.
SampleRange parse_range(const Json& json, const std::string& name, const std::string& where) {
  SampleRange range{.name = name};
  const Json whole = json.is_array() ? Json{{"range", json}} : json;
  Fields fields(whole, where);
  std::vector<int64_t> ends;
  const auto end = [&](const Json& value) {
    if (!value.is_number_integer() || value.get<int64_t>() < 0) fields.wrong("range", "two whole numbers, the smaller one first");
    ends.push_back(value.get<int64_t>());
  };
  if (const Json* pair = fields.find("range")) {
    if (!pair->is_array() || pair->size() != 2) fields.wrong("range", "two whole numbers, the smaller one first");
    for (const Json& value : *pair) end(value);
    if (ends[0] > ends[1]) fields.wrong("range", "two whole numbers, the smaller one first");
  } else {
    range.choices = fields.wholes("of", 0);
    if (range.choices.empty()) fields.wrong("range", "two whole numbers, or a list `of` numbers");
  }
  range.multiple = fields.whole("multiple").value_or(1);
  const std::string scale = fields.text("scale", "");
  if (!scale.empty() && scale != "linear" && scale != "log") fields.wrong("scale", "linear or log");
  fields.done();
  if (!ends.empty()) {
    range.low = (ends[0] + range.multiple - 1) / range.multiple * range.multiple;
    range.high = ends[1] / range.multiple * range.multiple;
    if (range.low > range.high) fields.wrong("multiple", "a number that has a multiple in the range");
    range.logarithmic = scale == "log" || (scale.empty() && range.low >= 1 && range.high >= 10 * range.low);
    if (range.logarithmic && range.low < 1) fields.wrong("scale", "linear for a range that begins at 0");
  }
  return range;
}

/// The library's own text begins with its name for the fault, of no use to the reader.
std::string reason(const Json::exception& fault) {
  std::string why = fault.what();
  if (const size_t end = why.find("] "); why.starts_with("[json.") && end != why.npos) why.erase(0, end + 2);
  return why;
}

/// What the whole file says for every rule that does not say it itself.
struct Shared {
  std::vector<int64_t> batches;
  std::vector<DataType> dtypes;
  Lists lists;

  std::vector<DataType> or_dtypes(const std::vector<DataType>& own) const { return own.empty() ? dtypes : own; }
};

RandomRule parse_random(Fields& fields, const Shared& shared) {
  RandomRule rule{.layer = fields.text("layer")};
  const Json* ranges = fields.find("ranges");
  if (!ranges || !ranges->is_object()) fields.wrong("ranges", "an object of letters and their ranges");
  for (const auto& [name, range] : ranges->items())
    rule.ranges.push_back(parse_range(range, name, fmt::format("{}.{}", fields.place("ranges"), name)));
  rule.where = fields.texts("where");
  const auto count = fields.whole("count");
  if (!count) fields.wrong("count", "a whole number of at least 1");
  rule.count = *count;
  rule.most_macs = fields.positive("most_macs");
  rule.most_bytes = fields.positive("most_bytes");
  rule.dtypes = shared.or_dtypes(fields.dtypes("dtypes"));
  return rule;
}

/// Names with `@list` replaced by the list's names.
std::vector<std::string> parse_names(Fields& fields, const Lists& lists) {
  std::vector<std::string> names, known;
  for (const auto& [name, list] : lists) known.push_back("@" + name);
  for (const std::string& name : fields.texts("names")) {
    if (name.empty()) fields.wrong("names", "a name in every entry");
    if (!name.starts_with('@')) {
      names.push_back(name);
      continue;
    }
    const auto list = lists.find(name.substr(1));
    if (list == lists.end())
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{}: list '{}' is unknown{}", fields.place("names"), name, nearest(name, known)));
    names.insert(names.end(), list->second.begin(), list->second.end());
  }
  if (names.empty()) fields.wrong("names", "a list of ONNX files, net:NAME or @LIST");
  return names;
}

NetworkRule parse_networks(Fields& fields, const Shared& shared, bool layers) {
  NetworkRule rule{.names = parse_names(fields, shared.lists), .batches = fields.wholes("batches", 1, most_batch)};
  if (rule.batches.empty()) rule.batches = shared.batches;
  rule.dtypes = shared.or_dtypes(fields.dtypes("dtypes"));
  if (layers) rule.most = fields.whole("most");
  return rule;
}

void parse_protocol(const Json& json, Campaign& campaign) {
  Fields fields(json, "protocol");
  Protocol& p = campaign.protocol;
  constexpr double day = 86400;
  p.tolerance = fields.within("tolerance", 1e-6, 1).value_or(p.tolerance);
  p.budget = {fields.within("budget_s", 1e-6, 30 * day).value_or(p.budget.value)};
  p.warm_up = {fields.within("warm_up_s", 0, day).value_or(p.warm_up.value)};
  p.window = {fields.within("window_s", 1e-6, day).value_or(p.window.value)};
  p.refreshes = static_cast<int>(fields.whole("refreshes", 1, 1'000'000).value_or(p.refreshes));
  p.min_windows = static_cast<int>(fields.whole("min_windows", 2, 10'000).value_or(p.min_windows));
  p.idle = {fields.within("idle_s", 0, day).value_or(p.idle.value)};
  p.fixed_passes = fields.whole("fixed_passes");
  p.cool_to_c = fields.within("cool_to_c", 1, 200);
  campaign.group = fields.whole("group", 1, 1000).value_or(campaign.group);
  campaign.warm_cache = fields.truth("warm_cache", false);
  campaign.threads = static_cast<int>(fields.whole("threads", 0, 65'536).value_or(0));
  fields.done();
}

Shared parse_shared(Fields& fields) {
  Shared shared{.batches = fields.wholes("batches", 1, most_batch), .dtypes = fields.dtypes("dtypes")};
  if (shared.batches.empty()) shared.batches = {1};
  if (shared.dtypes.empty()) shared.dtypes = {DataType::f32};
  if (const Json* lists = fields.find("lists")) {
    Fields entries(*lists, "lists");
    for (const auto& [name, list] : lists->items()) shared.lists[name] = entries.texts(name);
  }
  return shared;
}

Campaign parse(const Json& json, std::string_view id) {
  Campaign campaign{.id = std::string(id)};
  Fields fields(json, "");
  const Json* schema = fields.find("schema");
  if (!schema || *schema != 1) fields.wrong("schema", "1, the version of campaign files that this program knows");
  campaign.title = fields.text("title");
  campaign.hardware = fields.text("hardware", "");
  campaign.device = fields.text("device", "");
  campaign.seed = static_cast<uint64_t>(fields.whole("seed", 0).value_or(1));
  campaign.most_bytes = fields.positive("most_bytes");
  if (const Json* protocol = fields.find("protocol")) parse_protocol(*protocol, campaign);
  const Shared shared = parse_shared(fields);
  each(fields, "random", [&](Fields& entry) { campaign.random.push_back(parse_random(entry, shared)); });
  each(fields, "real", [&](Fields& entry) { campaign.real.push_back(parse_networks(entry, shared, true)); });
  each(fields, "networks", [&](Fields& entry) { campaign.networks.push_back(parse_networks(entry, shared, false)); });
  if (const Json* adaptive = fields.find("adaptive")) {
    Fields entry(*adaptive, "adaptive");
    campaign.adaptive = {entry.whole("rounds").value_or(3), entry.whole("points").value_or(20),
                         entry.whole("after").value_or(50)};
    entry.done();
    if (campaign.random.empty()) fields.wrong("adaptive", "random layers beside it, whose ranges it refines");
  }
  fields.done();
  if (campaign.random.empty() && campaign.real.empty() && campaign.networks.empty())
    throw Error(ErrorKind::invalid_input, "nothing to measure; expected at least one of random, real and networks");
  return campaign;
}

}  // namespace

Campaign parse_campaign(std::string_view text, std::string_view id, std::string_view place) try {
  return parse(Json::parse(text), id);
} catch (const Json::exception& e) {
  throw Error(
      ErrorKind::invalid_input,
      fmt::format("{}: expected JSON: {}", place.empty() ? fmt::format("campaign {}", id) : std::string(place), reason(e)));
} catch (const Error& e) {
  throw e.within(place.empty() ? fmt::format("campaign {}", id) : std::string(place));
}

}  // namespace wattlayer
