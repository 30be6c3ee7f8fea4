#include "wattlayer/advice/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/advice/levers.h"
#include "wattlayer/api/comparing.h"

namespace wattlayer {
Advice advise(const AdviceQuestion& question, const DataFiles& files) {
  const Graph graph = question.source.graph(question.reading);
  Advice advice{.now = estimate(question.source, graph, question.model, question.device)};
  const PairedErrors errors = paired_errors(files);
  const Trial trial{question, files, graph, errors, advice};
  if (trial.incomplete())
    advice.remarks.push_back(fmt::format(
        "the estimate is incomplete: the shape of {} stays unknown, so that no saving is sure; give it with --input or "
        "--dim",
        advice.now.estimate.unpriced.empty() ? "some layers" : advice.now.estimate.unpriced.front().op));
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
