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

PairedErrors::ByRelation relations_from(const Json& json) {
  PairedErrors::ByRelation relations;
  for (size_t r = 1; r < relation_kinds; ++r)
    if (const auto at = json.find(names[r]); at != json.end()) relations[r] = measured_from(*at);
  return relations;
}

Json as_json(const PairedErrors::ByRelation& relations) {
  Json json = Json::object();
  for (size_t r = 1; r < relation_kinds; ++r)
    if (const auto& m = relations[r])
      json[std::string(names[r])] = {{"factor", m->factor}, {"slope", m->slope}, {"most", m->most}, {"pairs", m->pairs}};
  return json;
}

}  // namespace

std::string_view name(Relation relation) { return names[static_cast<size_t>(relation)]; }

double independent_half_width(const EstimatePair& pair) { return std::hypot(pair.half_a, pair.half_b); }

double left_by_common_layers(double common_share) {
  constexpr double effect = 0.4;
  return std::sqrt(1 - effect * std::clamp(common_share, 0.0, 1.0));
}

const std::optional<PairedErrors::Measured>& PairedErrors::measured_for(const EstimatePair& pair) const {
  const auto r = static_cast<size_t>(pair.relation);
  const auto own = energy_models.find(pair.energy_model);
  return own != energy_models.end() && own->second[r] ? own->second[r] : measured[r];
}

double PairedErrors::factor(const EstimatePair& pair) const {
  if (pair.relation == Relation::equal) return 0;
  const std::optional<Measured>& m = measured_for(pair);
  const double factor = m ? std::min(m->factor + m->slope * std::abs(pair.log_batches), m->most) : 1;
  return pair.coverage < coverage_that_narrows ? std::max(factor, 1.0) : factor;
}

double PairedErrors::half_width(const EstimatePair& pair) const {
  return factor(pair) * left_by_common_layers(pair.common_share) * independent_half_width(pair);
}

PairedErrors PairedErrors::parse(std::string_view text, std::string_view file) try {
  const Json json = Json::parse(text);
  if (json.at(version_key) != 1)
    throw Error(ErrorKind::invalid_input,
                fmt::format("expected version 1 of paired errors, found {}", json.at(version_key).dump()));
  PairedErrors errors;
  errors.measured = relations_from(json.at("relations"));
  if (json.contains("energy_models"))
    for (const auto& [id, relations] : json["energy_models"].items()) errors.energy_models[id] = relations_from(relations);
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
  json["relations"] = as_json(measured);
  json["energy_models"] = Json::object();
  for (const auto& [id, relations] : energy_models) json["energy_models"][id] = as_json(relations);
  return json.dump(1) + "\n";
}

}  // namespace wattlayer
