#include "wattlayer/training/advice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

double capacity(const Hardware& hardware, size_t levels) {
  double sum = 0;
  for (size_t i = 0; i < levels; ++i) sum += hardware.memory[i].bytes;
  return sum;
}

std::optional<double> cost_in(const SetRow& row, const LevelCosts& costs, size_t level) {
  if (level >= costs.levels.size() || !costs.levels[level]) return std::nullopt;
  return row.accesses * costs.levels[level]->per_access_j + row.bytes * costs.levels[level]->per_byte_j;
}

std::vector<int64_t> scaled(const MlpTraining& t, double scale) {
  std::vector<int64_t> widths = t.widths;
  for (size_t l = 0; l + 1 < widths.size(); ++l)
    widths[l] = std::max<int64_t>(1, static_cast<int64_t>(std::llround(scale * static_cast<double>(widths[l]))));
  return widths;
}

/// The largest widths at which a set lies in the level or inside it; nothing where the narrowest do not.
std::optional<MlpTraining> largest_inside(const MlpTraining& t, const Hardware& hardware, PlacedSet WorkingSets::*set,
                                          size_t level) {
  const auto at = [&](double scale) {
    MlpTraining other = t;
    other.widths = scaled(t, scale);
    return other;
  };
  const auto inside = [&](double scale) { return (place(working_set_sizes(at(scale)), hardware).*set).place.level <= level; };
  double low = 1e-6, high = 1;
  if (!inside(low)) return std::nullopt;
  while (inside(high) && high < 1e6) low = high, high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (inside(middle) ? low : high) = middle;
  }
  return at(low);
}

}  // namespace

LevelCosts level_costs(const ButterModel& model) {
  LevelCosts costs{.source = model.source};
  for (size_t c = 0; c < model.coefficients.per_access.size(); ++c)
    costs.levels.push_back(LevelCosts::Cost{model.coefficients.per_access[c], model.coefficients.per_byte[c]});
  return costs;
}

LevelCosts level_costs(const EnergyModel& model) {
  const auto read = static_cast<size_t>(Count::input_bytes);
  const double byte_j = model.physics->energy_j[read] + model.physics->static_w * model.physics->time_s[read];
  const std::vector<MemoryLevel>& memory = model.hardware.memory;
  LevelCosts costs{.levels = std::vector<std::optional<LevelCosts::Cost>>(memory.size()), .at_most = true, .source = model.id};
  const std::optional<double> outer = memory.empty()                        ? std::nullopt
                                      : memory.back().bandwidth_bytes_per_s ? memory.back().bandwidth_bytes_per_s
                                                                            : model.hardware.bandwidth_bytes_per_s;
  if (memory.empty() || !outer || !(byte_j > 0)) {
    costs.missing = fmt::format("the energy model {} says nothing of a byte of memory", model.id);
    return costs;
  }
  std::vector<std::string> silent;
  for (size_t c = 0; c < memory.size(); ++c) {
    const std::optional<double> bandwidth = c + 1 == memory.size() ? outer : memory[c].bandwidth_bytes_per_s;
    if (bandwidth) costs.levels[c] = LevelCosts::Cost{0, byte_j * *outer / *bandwidth};
    else silent.push_back(memory[c].name);
  }
  if (!silent.empty())
    costs.missing = fmt::format("hardware/{}.json states no bandwidth of {}", model.hardware.id, fmt::join(silent, ", "));
  return costs;
}

double room(const Hardware& hardware, size_t level, double beside) {
  return capacity(hardware, level + 1) - std::max(beside, capacity(hardware, level));
}

std::vector<SetAdvice> advise(const std::vector<SetRow>& rows, const Hardware& hardware, const LevelCosts& costs) {
  std::vector<SetAdvice> all;
  for (const SetRow& row : rows) {
    SetAdvice a{.row = row};
    const size_t level = row.placed.place.level;
    a.cost_j = cost_in(row, costs, level);
    if (level > 0) {
      const auto inner = cost_in(row, costs, level - 1);
      if (inner && a.cost_j) a.inner_saves_j = *a.cost_j - *inner;
      const double left = room(hardware, level - 1, row.beside);
      const double needed = row.placed.set.replicated_bytes + row.placed.set.distributed_bytes / hardware.memory[level - 1].units;
      if (left > 0 && needed > left) a.share_that_fits = left / needed;
    }
    if (const auto outer = cost_in(row, costs, level + 1); outer && a.cost_j) a.outer_costs_j = *outer - *a.cost_j;
    all.push_back(a);
  }
  return all;
}

std::vector<FillingSize> filling_sizes(const MlpTraining& training, const Hardware& hardware) {
  std::vector<FillingSize> sizes;
  if (training.widths.size() < 2) return sizes;
  for (size_t level = 0; level + 1 < hardware.memory.size(); ++level)
    for (const auto& [name, set] : {std::pair{"forward", &WorkingSets::forward}, {"backward", &WorkingSets::backward}})
      if (const auto largest = largest_inside(training, hardware, set, level))
        sizes.push_back({name, level, largest->parameters(), largest->widths});
  return sizes;
}

std::vector<FillingSize> filling_sizes(const WorkingSets& sets, double bytes_of_a_parameter, const Hardware& hardware) {
  std::vector<FillingSize> sizes;
  const double beside = sets.largest_inter_layer().place.occupied_bytes;
  for (size_t level = 0; level + 1 < hardware.memory.size(); ++level) {
    const double left = room(hardware, level, beside);
    const double activations = std::floor(sets.backward.set.distributed_bytes / hardware.memory[level].units);
    const double forward = left / bytes_of_a_parameter, backward = (left - activations) / (2 * bytes_of_a_parameter);
    if (forward >= 1) sizes.push_back({"forward", level, std::floor(forward)});
    if (backward >= 1) sizes.push_back({"backward", level, std::floor(backward)});
  }
  return sizes;
}

double largest_batch(const WorkingSets& sets, double batch, const Hardware& hardware, size_t level) {
  const double sample = sets.largest_inter_layer().set.distributed_bytes / batch;
  double most = 0;
  for (size_t c = 0; c <= level; ++c) most = std::max(most, hardware.memory.at(c).units * room(hardware, c, 0));
  return std::floor(most / sample);
}

}  // namespace wattlayer
