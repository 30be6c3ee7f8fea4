#include "wattlayer/training/set_rows.h"

#include <map>

namespace wattlayer {
namespace {

SetRow row(const char* id, const char* name, const PlacedSet& placed, double beside, double accesses) {
  return {id, name, placed, 1, beside, accesses, accesses * placed.set.bytes()};
}

}  // namespace

std::vector<SetRow> set_rows(const WorkingSets& sets, const TrainingPasses& passes) {
  std::map<size_t, SetRow> by_level;
  for (const PlacedSet& layer : sets.inter_layer) {
    const SetRow next = row("inter-layer", "inputs and outputs of a layer", layer, 0, passes.all());
    const auto [at, is_new] = by_level.try_emplace(layer.place.level, next);
    SetRow& together = at->second;
    if (is_new) continue;
    ++together.sets, together.accesses += next.accesses, together.bytes += next.bytes;
    if (layer.set.bytes() > together.placed.set.bytes()) together.placed = layer;
  }
  std::vector<SetRow> rows;
  for (auto& [level, together] : by_level) rows.push_back(std::move(together));
  const double inner = sets.largest_inter_layer().place.occupied_bytes;
  rows.push_back(row("forward", "the parameters (forward pass)", sets.forward, inner, passes.forward));
  rows.push_back(row("backward", "parameters, gradients and activations (backward pass)", sets.backward, inner, passes.backward));
  if (sets.samples.set.bytes() > 0)
    rows.push_back(row("samples", "the data set", sets.samples, sets.backward.place.occupied_bytes, passes.forward));
  return rows;
}

double access_energy_j(const SetRow& row, const ButterCoefficients& k, size_t level) {
  return row.accesses * k.per_access.at(level) + row.bytes * k.per_byte.at(level);
}

}  // namespace wattlayer
