#include "wattlayer/advice/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/advice/levers.h"

namespace wattlayer {
namespace {

/// What was measured of pairs of networks; nothing, so that errors count as independent, where it does not ship.
PairedErrors errors_of(const DataFiles& files) {
  const auto text = files.read("energy_models", "paired-errors.json");
  return text ? PairedErrors::parse(*text, "energy_models/paired-errors.json") : PairedErrors();
}

}  // namespace

Advice advise(const AdviceQuestion& question, const DataFiles& files) {
  const Graph graph = question.source.graph(question.reading);
  Advice advice{.now = estimate(question.source, graph, question.model, question.device)};
  const PairedErrors errors = errors_of(files);
  const Trial trial{question, files, graph, errors, advice};
  try_layers(trial);
  try_batches(trial);
  try_precisions(trial);
  try_engines(trial);
  try_fusing(trial);
  try_clocks(trial);
  try_pruning(trial);
  try_resolutions(trial);
  try_utilisation(trial);
  if (question.model.physics->power_limit_w)
    advice.remarks.emplace_back(
        "power limit: by the law a lower one stretches the time and saves no energy of the operations; lower the clock instead");
  const auto by_saving = [](const Lever& a, const Lever& b) { return a.saving_j.value > b.saving_j.value; };
  std::stable_sort(advice.levers.begin(), advice.levers.end(), by_saving);
  std::stable_sort(advice.cannot_tell.begin(), advice.cannot_tell.end(), by_saving);
  return advice;
}

}  // namespace wattlayer
