#include "wattlayer/predict/paired_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view version_key = "wattlayer_paired_errors";
constexpr std::array<std::string_view, relation_kinds> names = {"equal", "other_batch", "other_network", "other_energy_model",
                                                                "nothing"};

PairedErrors::Measured measured_from(const Json& json) {
  PairedErrors::Measured m{json.at("factor"), json.at("slope"), json.at("most"), json.at("pairs")};
  if (!(m.factor > 0) || !(m.slope >= 0) || !(m.most >= m.factor) || !std::isfinite(m.most))
    throw Error(ErrorKind::invalid_input, fmt::format("expected 0 < factor <= most and slope >= 0, found {}", json.dump()));
  return m;
}

}  // namespace

std::string_view name(Relation relation) { return names[static_cast<size_t>(relation)]; }

double independent_half_width(const EstimatePair& pair) { return std::hypot(pair.half_a, pair.half_b); }

double PairedErrors::factor(const EstimatePair& pair) const {
  if (pair.relation == Relation::equal) return 0;
  const std::optional<Measured>& m = measured[static_cast<size_t>(pair.relation)];
  return m ? std::min(m->factor + m->slope * std::abs(pair.log_ratio), m->most) : 1;
}

double PairedErrors::half_width(const EstimatePair& pair) const {
  return factor(pair) * (1 - std::clamp(pair.common_share, 0.0, 1.0)) * independent_half_width(pair);
}

PairedErrors PairedErrors::parse(std::string_view text, std::string_view file) try {
  const Json json = Json::parse(text);
  if (json.at(version_key) != 1)
    throw Error(ErrorKind::invalid_input,
                fmt::format("expected version 1 of paired errors, found {}", json.at(version_key).dump()));
  PairedErrors errors;
  for (size_t r = 1; r < relation_kinds; ++r)
    if (const auto at = json.at("relations").find(names[r]); at != json.at("relations").end())
      errors.measured[r] = measured_from(*at);
  if (json.contains("card")) errors.card = json["card"].dump();
  return errors;
} catch (const nlohmann::json::exception& e) {
  throw Error(ErrorKind::invalid_input, fmt::format("{}: {}; write it with `wattlayer fit --pairs`", file, e.what()));
} catch (const Error& e) {
  throw e.within(std::string(file));
}

std::string PairedErrors::print() const {
  Json json{{version_key, 1}};
  if (!card.empty()) json["card"] = Json::parse(card);
  json["relations"] = Json::object();
  for (size_t r = 1; r < relation_kinds; ++r)
    if (const auto& m = measured[r])
      json["relations"][std::string(names[r])] = {
          {"factor", m->factor}, {"slope", m->slope}, {"most", m->most}, {"pairs", m->pairs}};
  return json.dump(1) + "\n";
}

}  // namespace wattlayer
