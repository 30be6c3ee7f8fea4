#include "wattlayer/bench/adaptive.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>

#include "wattlayer/bench/sampling.h"
#include "wattlayer/core/error.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

constexpr size_t fewest_rows = 20, most_rows = 1500, folds = 4;

/// Which rule a row was drawn by; nothing when the campaign no longer has it.
std::optional<size_t> rule_of(const Measurement& row, const Campaign& campaign) {
  const auto text = row.conditions.find("template");
  if (text == row.conditions.end()) return std::nullopt;
  for (size_t i = 0; i < campaign.random.size(); ++i)
    if (campaign.random[i].layer == text->second) return i;
  return std::nullopt;
}

}  // namespace

AdaptiveRounds AdaptiveRounds::read(const Store& store, const Campaign& campaign, const std::string& engine,
                                    const std::string& hardware) {
  AdaptiveRounds rounds;
  if (campaign.adaptive.rounds == 0) return rounds;
  for (const RandomRule& rule : campaign.random)
    for (const DataType dtype : rule.dtypes) rounds.states_[dtype];
  std::map<std::string, bool> seen;  // an item has a row for each meter
  for (const Measurement& row :
       store.select({.dataset = campaign.id, .hardware = hardware, .engine = engine, .kind = "random-layer"})) {
    if (!seen.try_emplace(fmt::format("{} {}", name(row.dtype), row.block), true).second) continue;
    State& state = rounds.states_[row.dtype];
    if (row.failure.empty()) ++state.rows;
    const auto round = row.conditions.find("round");
    if (round != row.conditions.end()) ++state.points[std::atoll(round->second.c_str())];
  }
  return rounds;
}

void AdaptiveRounds::count(const CampaignItem& item) {
  const auto state = states_.find(item.dtype);
  if (item.kind == "random-layer" && state != states_.end()) ++state->second.rows;
}

std::map<DataType, AdaptiveRound> AdaptiveRounds::due(const Campaign& campaign, bool at_the_end) const {
  std::map<DataType, AdaptiveRound> result;
  for (const auto& [dtype, state] : states_)
    for (int64_t round = state.begun + 1; round <= campaign.adaptive.rounds; ++round) {
      const auto points = state.points.find(round);
      const int64_t missing = campaign.adaptive.points - (points == state.points.end() ? 0 : points->second);
      if (missing <= 0) continue;
      if (at_the_end || state.rows >= campaign.adaptive.after * round) result[dtype] = {round, missing};
      break;
    }
  return result;
}

void AdaptiveRounds::begin(DataType dtype, int64_t round) { states_[dtype].begun = round; }

std::vector<double> held_out_errors(std::span<const Measurement> rows, const Hardware& hardware, const Engine& engine) {
  std::vector<const Measurement*> usable_rows;
  std::unordered_map<const Measurement*, size_t> at;
  for (size_t i = 0; i < rows.size(); ++i)
    if (usable(rows[i])) usable_rows.push_back(&rows[i]), at[&rows[i]] = i;
  std::vector<double> errors(rows.size(), NAN);
  const auto parts = blocked_folds(thinned(usable_rows, most_rows), folds);
  if (parts.size() < 2) return errors;
  for (size_t f = 0; f < parts.size(); ++f) {
    const PhysicsFitOptions quick{.calibration_folds = 0, .iterations = 15, .norms = {2}, .trees = {.fewest_layers = SIZE_MAX}};
    const PhysicsFit fit = fit_physics(outside_fold(parts, f), Target{hardware, engine}, quick);
    for (const Measurement* row : parts[f]) {
      const PhysicsModel::Totals predicted = price(fit.model, *row, hardware, engine);
      const bool energy = row->energy_j && *row->energy_j > 0;
      errors[at[row]] = std::abs(std::log(energy ? *row->energy_j / predicted.energy_j : *row->time_s / predicted.time_s));
    }
  }
  return errors;
}

std::vector<CampaignItem> propose(const Campaign& campaign, const CampaignPlace& place, const std::vector<Measurement>& all,
                                  DataType dtype, const AdaptiveRound& round) {
  std::vector<CampaignItem> points;
  std::vector<Measurement> rows;
  for (const Measurement& row : all)
    if (usable(row) && row.scope == all.front().scope) rows.push_back(row);
  if (rows.size() < fewest_rows || !place.hardware) return points;
  const std::vector<double> errors = held_out_errors(rows, *place.hardware, place.engine);
  std::vector<size_t> worst;
  for (size_t i = 0; i < rows.size(); ++i)
    if (std::isfinite(errors[i]) && rule_of(rows[i], campaign)) worst.push_back(i);
  std::stable_sort(worst.begin(), worst.end(), [&](size_t a, size_t b) { return errors[a] > errors[b]; });
  worst.resize(std::min(worst.size(), static_cast<size_t>(campaign.adaptive.points)));
  std::map<size_t, Sampler> samplers;
  const uint64_t seed = campaign.seed + 7919 * static_cast<uint64_t>(round.number) + all.size();
  for (size_t i = 0, vain = 0; !worst.empty() && static_cast<int64_t>(points.size()) < round.missing && vain < 2 * worst.size();
       ++i) {
    const Measurement& row = rows[worst[i % worst.size()]];
    const size_t rule = *rule_of(row, campaign);
    const auto [at, fresh] = samplers.try_emplace(rule, campaign.random[rule], seed + rule);
    if (fresh)
      for (const Measurement& known : all) at->second.exclude(print(with_dtype(known.workload, DataType::f32).items.at(0).layer));
    const auto letters = row.conditions.find("letters");
    const std::optional<Sample> sample = at->second.near(parse_letters(letters == row.conditions.end() ? "" : letters->second));
    if (!sample) {
      ++vain;
      continue;
    }
    points.push_back(random_item(campaign, place, rule, sample->layer, print(sample->letters), dtype));
    points.back().round = round.number;
  }
  return points;
}

}  // namespace wattlayer
