#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/budget/budget_check.h"
#include "wattlayer/predict/confidence.h"
#include "wattlayer/report/quantity_text.h"

namespace wattlayer {
namespace {

constexpr double mostly_covered = 0.5;

std::string joules_text(const Interval& i) { return quantity_interval(i.value, i.low, i.high, "J"); }

std::string level_text(double level) { return fmt::format("{:g} %", 100 * level); }

/// 0.2 % as `0.2 %`, what rounds to nothing or to all as a bound.
std::string chance_text(double chance) {
  if (chance < 0.001) return "below 0.1 %";
  if (chance > 0.999) return "above 99.9 %";
  return fmt::format("about {:.2g} %", 100 * chance);
}

std::string signed_percent(double share) { return fmt::format("{:+.3g} %", 100 * share); }

std::string increase_text(const Interval& i) {
  if (i.low == i.high) return signed_percent(i.value);
  return fmt::format("{} [{}, {}]", signed_percent(i.value), signed_percent(i.low), signed_percent(i.high));
}

Interval per_unit(const Estimate& estimate, bool per_batch) {
  const double parts = per_batch ? 1 : static_cast<double>(std::max<int64_t>(1, estimate.batch));
  return {estimate.energy_j.value / parts, estimate.energy_j.low / parts, estimate.energy_j.high / parts};
}

/// Why no upper bound can be given; empty where one can.
std::string open_above(const BudgetCheck& check) {
  const Estimate& e = check.estimate->estimate;
  if (e.interval_note == "incomplete")
    return fmt::format("the estimate is incomplete: the shape of {} stays unknown; give it with --input or --dim",
                       e.unpriced.empty() ? "some layers" : e.unpriced.front().op);
  return "";
}

std::string uncovered(const BudgetCheck& check) {
  const double coverage = check.estimate->estimate.coverage;
  if (coverage >= check.budget.certainty.min_coverage) return "";
  return fmt::format("only {} of the energy is from layers inside the range that {} was fitted on, less than {} (--min-coverage)",
                     percent(coverage), check.estimate->estimate.energy_model, percent(check.budget.certainty.min_coverage));
}

void worsen(BudgetCheck& check, Verdict verdict, const std::string& reason) {
  const auto rank = [](Verdict v) {
    return v == Verdict::within ? 0 : v == Verdict::cannot_say ? 1 : v == Verdict::over ? 2 : 3;
  };
  if (check.reason.empty()) check.verdict = verdict, check.reason = reason;
  else if (rank(verdict) > rank(check.verdict)) check.verdict = verdict, check.reason = reason + "; " + check.reason;
  else check.reason += "; " + reason;
}

}  // namespace

std::string_view name(Verdict verdict) {
  static constexpr std::string_view names[] = {"within", "over", "cannot say", "failed"};
  return names[static_cast<size_t>(verdict)];
}

int exit_status(Verdict verdict) {
  static constexpr int statuses[] = {0, 3, 4, 1};
  return statuses[static_cast<size_t>(verdict)];
}

Verdict worst(std::span<const BudgetCheck> checks) {
  for (Verdict verdict : {Verdict::failed, Verdict::over, Verdict::cannot_say})
    if (std::any_of(checks.begin(), checks.end(), [&](const BudgetCheck& c) { return c.verdict == verdict; })) return verdict;
  return Verdict::within;
}

void judge_limit(BudgetCheck& check) {
  const double confidence = check.budget.certainty.confidence;
  const bool per_batch = check.budget.limit && check.budget.limit->per_batch;
  const Interval ninety = per_unit(check.estimate->estimate, per_batch);
  check.energy_j = at_level(ninety, confidence);
  if (!check.budget.limit) return;
  const double limit = check.budget.limit->joules();
  const std::string incomplete = open_above(check);
  const double coverage = check.estimate->estimate.coverage;
  const std::string figure = fmt::format("{} per {}{}", joules_text(check.energy_j), per_batch ? "batch" : "inference",
                                         coverage < mostly_covered ? fmt::format(" (coverage {})", percent(coverage)) : "");
  if (const std::string reason = uncovered(check); !reason.empty())
    return worsen(check, Verdict::cannot_say, fmt::format("{}: {}", figure, reason));
  if (check.energy_j.low > limit)
    return worsen(check, Verdict::over, fmt::format("{} is over {}", figure, check.budget.limit->text()));
  if (!incomplete.empty()) return worsen(check, Verdict::cannot_say, fmt::format("{} or more: {}", figure, incomplete));
  check.chance_over = chance_above(ninety, limit);
  const std::string chance = fmt::format("chance of more {}", chance_text(*check.chance_over));
  if (check.energy_j.high <= limit)
    return worsen(check, Verdict::within, fmt::format("{} is within {}, {}", figure, check.budget.limit->text(), chance));
  worsen(check, Verdict::cannot_say,
         fmt::format("{}: its {} interval holds the limit of {}, {}", figure, level_text(confidence), check.budget.limit->text(),
                     chance));
}

void judge_increase(BudgetCheck& check) {
  if (!check.change) return;
  const double factor = width_at(check.budget.certainty.confidence);
  Interval increase = check.change->increase();
  increase.low = increase.value - factor * (increase.value - increase.low);
  increase.high = increase.value + factor * (increase.high - increase.value);
  check.increase = increase;
  if (!check.budget.max_increase) return;
  if (const std::string reason = uncovered(check); !reason.empty() && !check.change->layers.empty())
    return worsen(check, Verdict::cannot_say, fmt::format("{}: {}", increase_text(increase), reason));
  const double most = *check.budget.max_increase;
  const std::string figure = fmt::format("{} against {}", increase_text(increase), check.budget.against.filename().string());
  const std::string limit = fmt::format("the limit of {}", signed_percent(most));
  if (check.change->incomplete)
    return worsen(check, Verdict::cannot_say,
                  fmt::format("{}: the estimate or its baseline is incomplete, layers of unknown shape are in no total", figure));
  if (increase.low > most) return worsen(check, Verdict::over, fmt::format("{} is over {}", figure, limit));
  if (increase.high <= most) return worsen(check, Verdict::within, fmt::format("{} is within {}", figure, limit));
  worsen(check, Verdict::cannot_say,
         fmt::format("{}: its {} interval holds {}", figure, level_text(check.budget.certainty.confidence), limit));
}

}  // namespace wattlayer
