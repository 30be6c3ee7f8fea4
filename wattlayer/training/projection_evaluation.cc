#include "wattlayer/training/projection_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/training/projection.h"

namespace wattlayer {
namespace {

constexpr std::string_view every_count = "all counts of epochs";

/// A method as it takes part: its name in the rows, with its options.
struct Entrant {
  std::string name;
  const ProjectionMethod* method;
  ProjectionOptions options;
};

std::vector<Entrant> entrants() {
  const auto method = [](std::string_view name) { return &require_projection_method(name); };
  return {{"carbontracker", method("carbontracker"), {.first = 0}},
          {"skip-1", method("skip-k"), {.window = 0, .skip = 1}},
          {"skip-4", method("skip-k"), {.window = 0, .skip = 4}},
          {"step", method("step"), {}},
          {"step-power", method("step-power"), {}},
          {"ours", method("ours"), {}}};
}

Joules measured_total(const EpochSeries& run) { return run.total ? *run.total : energy_of(run.epochs); }

/// What is learned for each block from the others, or elsewhere where they are too few; else the reason why there is nothing.
class LearnedByBlock {
 public:
  LearnedByBlock(std::span<const EpochSeries> runs, const ProjectionTrial& trial) : trial_(trial) {
    if (trial.learned) return;
    std::set<std::string> blocks;
    for (const EpochSeries& run : runs) blocks.insert(run.block);
    for (const std::string& block : blocks)
      if (!takes_elsewhere(block, blocks.size() - 1)) learn(runs, block);
      else elsewhere_.insert(block);
  }
  const LearnedProjection* of(const std::string& block) const {
    if (trial_.learned) return trial_.learned;
    if (elsewhere_.contains(block)) return trial_.elsewhere;
    const auto found = learned_.find(block);
    return found == learned_.end() ? nullptr : &found->second;
  }
  const std::string& why_not() const { return why_not_; }
  size_t blocks_from_elsewhere() const { return elsewhere_.size(); }

 private:
  static constexpr size_t enough_blocks = 5;  // fewer know less than the eight that what ships was learned from

  bool takes_elsewhere(const std::string& block, size_t others) const {
    return others < enough_blocks && trial_.elsewhere && !trial_.elsewhere_blocks.contains(trial_.hardware + "/" + block);
  }
  void learn(std::span<const EpochSeries> runs, const std::string& block) {
    std::vector<EpochSeries> others;
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(others),
                 [&](const EpochSeries& run) { return run.block != block; });
    try {
      learned_[block] = learn_projection(others);
    } catch (const Error& e) {
      why_not_ = fmt::format("{}; `evaluate --shipped` takes what ships", e.what());
    }
  }

  const ProjectionTrial& trial_;
  std::map<std::string, LearnedProjection> learned_;
  std::set<std::string> elsewhere_;
  std::string why_not_;
};

std::optional<Scored> trial_of(const Entrant& entrant, const EpochSeries& run, size_t seen, const ProjectionTrial& trial,
                               const LearnedByBlock& learned) {
  ProjectionOptions options = entrant.options;
  if (entrant.name == "ours" && !(options.learned = learned.of(run.block))) return std::nullopt;
  if (trial.duration_known) options.duration = duration_of(run.epochs);
  if (seen < entrant.method->fewest(options)) return std::nullopt;
  if (entrant.name == "step-power" && !duration_of(run.epochs)) return std::nullopt;
  const EpochPlan plan = EpochPlan::fixed(static_cast<int64_t>(run.epochs.size()));
  const Projection p = project(*entrant.method, std::span(run.epochs).first(seen), plan, options);
  Scored scored{.truth = measured_total(run).value, .predicted = p.total.value};
  if (p.interval) scored.low = p.interval->low.value, scored.high = p.interval->high.value;
  return scored;
}

EvaluationRow row_of(const ProjectionTrial& trial, const std::string& method, const std::vector<Scored>& scored,
                     const std::string& why_not) {
  EvaluationRow row{.dataset = trial.dataset, .hardware = trial.hardware, .engine = trial.engine, .split = trial.split};
  row.unit_left_out = "all", row.method = method, row.level = "training run", row.scope = trial.scope;
  if (scored.empty()) row.note = why_not;
  else row.score = score(scored);
  return row;
}

}  // namespace

Evaluation evaluate_projections(std::span<const EpochSeries> runs, const ProjectionTrial& trial) {
  Evaluation evaluation;
  const LearnedByBlock learned(runs, trial);
  const std::string setup = learned.blocks_from_elsewhere() > 0 ? "learned from other runs" : "";
  for (const Entrant& entrant : entrants()) {
    std::vector<Scored> all;
    const std::string needed = fmt::format("needs {} epochs", entrant.method->fewest(entrant.options));
    const std::string why_not = entrant.name == "ours" && !learned.why_not().empty() ? learned.why_not() : needed;
    for (const size_t seen : trial.epochs_seen) {
      std::vector<Scored> scored;
      size_t long_enough = 0;
      for (const EpochSeries& run : runs) {
        if (run.epochs.size() < seen + 2) continue;
        ++long_enough;
        const auto result = trial_of(entrant, run, seen, trial, learned);
        if (!result) continue;
        scored.push_back(*result);
        evaluation.points.push_back({trial.split, fmt::format("{} epochs", seen), entrant.name, run.name, "training run",
                                     result->truth, result->predicted, trial.dataset, trial.hardware, trial.engine, trial.scope,
                                     "", "training run"});
      }
      if (long_enough == 0) continue;
      EvaluationRow row = row_of(trial, entrant.name, scored, why_not);
      row.epochs_seen = seen;
      if (entrant.name == "ours") row.setup = setup;
      evaluation.rows.push_back(std::move(row));
      all.insert(all.end(), scored.begin(), scored.end());
    }
    EvaluationRow row = row_of(trial, entrant.name, all, why_not);
    row.unit_left_out = every_count;
    if (entrant.name == "ours") row.setup = setup;
    evaluation.rows.push_back(std::move(row));
  }
  return evaluation;
}

}  // namespace wattlayer
