#include "wattlayer/fit/card.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/physics_fit.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 100) / 100; }

Json errors(const std::vector<Scored>& held_out, const Calibration& calibration) {
  if (held_out.empty()) return nullptr;
  const Score s = score(held_out);
  return {{"rows", s.n},
          {"blocks", calibration.blocks},
          {"medape_percent", rounded(s.medape)},
          {"mape_percent", rounded(s.mape)},
          {"p90_percent", rounded(s.p90)},
          {"bias_percent", rounded(s.bias)},
          {"interval90_factor", rounded(std::exp(calibration.energy))}};
}

Json datasets(TrainingRows rows) {
  std::map<std::string, std::map<std::string, size_t>> counts;
  for (const Measurement* m : rows) ++counts[m->dataset][m->kind];
  return counts;
}

/// Rounds, and mean |log error| of energy plus that of time on held-out blocks, by group.
Json trees_of(const PhysicsFit& fit) {
  Json out = Json::object();
  for (const auto& [key, choice] : fit.trees) {
    const auto& [family, variant, dtype] = key;
    out[family + (variant.empty() ? "" : "/" + variant) + " " + std::string(name(dtype))] = {
        {"time_trees", choice.time_rounds},
        {"power_trees", choice.power_rounds},
        {"log_error_without", rounded(choice.error_before)},
        {"log_error_with", rounded(choice.error_after)}};
  }
  return out;
}

/// What anybody should know who relies on the model, found in the data itself.
Json weaknesses(TrainingRows rows, const PhysicsFit& fit) {
  Json out = Json::array();
  std::set<std::string> measured;
  for (const PhysicsGroup& g : fit.model.groups) measured.insert(g.family);
  std::string missing;
  for (const char* family :
       {"conv", "gemm", "attention", "normalization", "pool", "activation", "elementwise", "softmax", "recurrent"})
    if (!measured.contains(family)) missing += (missing.empty() ? "" : ", ") + std::string(family);
  if (!missing.empty()) out.push_back("never measured, priced from the data sheet and labelled extrapolated: " + missing);
  const auto modelled = std::count_if(rows.begin(), rows.end(), [](const Measurement* m) { return m->method == "modelled"; });
  if (modelled > 0 && !fit.model.stated_w)
    out.push_back(std::to_string(modelled) + " rows of modelled energy take part with their time only");
  if (fit.model.stated_w)
    out.push_back("energy was not measured: it is " + Json(rounded(*fit.model.stated_w)).dump() +
                  " W, as stated, times the fitted time; errors and intervals are those of the time");
  if (fit.trees_lacked_library)
    out.push_back("layers would have sufficed for boosted trees, but the library libxgboost was not there: ridge residuals only");
  const Calibration& networks = fit.model.network_calibration;
  if (networks.rows < 20) out.push_back("no network rows calibrate the intervals of networks; layer errors stand in");
  else if (networks.blocks < 10)
    out.push_back("intervals of networks rest on " + std::to_string(networks.blocks) +
                  " blocks only; other kinds of network may err more");
  bool one_batch = true;
  for (const Measurement* m : rows) one_batch = one_batch && m->workload.batch == rows.front()->workload.batch;
  if (one_batch)
    out.push_back("every row ran at batch " + std::to_string(rows.front()->workload.batch) + "; other batches are extrapolated");
  return out;
}

}  // namespace

std::string write_card(const CardOrigin& origin, TrainingRows rows, const PhysicsFit& fit) {
  Json groups = Json::object();
  for (const PhysicsGroup& g : fit.model.groups) groups[g.family + (g.variant.empty() ? "" : "/" + g.variant)] = g.rows;
  Json card{{"data", origin.title}};
  if (!origin.source.empty()) card["source"] = origin.source;
  if (!origin.licence.empty()) card["licence_of_the_data"] = origin.licence;
  card["fitted"] = origin.date;
  card["rows"] = datasets(rows);
  card["distinct_layers_by_group"] = groups;
  if (!fit.trees.empty()) card["boosted_trees"] = trees_of(fit);
  card["held_out_blocks"] = {{"layers", errors(fit.held_out.layers, fit.model.layer_calibration)},
                             {"networks", errors(fit.held_out.networks, fit.model.network_calibration)}};
  card["weaknesses"] = weaknesses(rows, fit);
  return card.dump(2);
}

}  // namespace wattlayer
