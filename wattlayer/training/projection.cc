#include "wattlayer/training/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

constexpr double tail = 0.05;

double size_of(std::span<const Epoch> epochs) { return static_cast<double>(epochs.size()); }

/// Epochs to come cost what those of a window cost on average.
Projection by_mean(std::span<const Epoch> seen, std::span<const Epoch> window, const EpochPlan& plan) {
  Projection p{.spent = energy_of(seen)};
  p.next_epoch = energy_of(window) / size_of(window);
  if (const auto duration = duration_of(window)) p.next_duration = *duration / size_of(window);
  p.total = p.spent + p.next_epoch * (plan.expected() - size_of(seen));
  return p;
}

Projection carbontracker(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options) {
  const auto window = options.first == 0 ? seen : seen.first(options.first);
  Projection p = by_mean(seen, window, plan);
  p.total = p.next_epoch * plan.expected();
  return p;
}

Projection skip(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options) {
  const auto rest = seen.subspan(options.skip);
  return by_mean(seen, options.window == 0 ? rest : rest.first(std::min(options.window, rest.size())), plan);
}

/// Measured up to the first stable epoch, the window's mean from there on, whatever was measured since.
Projection step(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options) {
  Projection p = by_mean(seen, seen.subspan(options.start, options.window), plan);
  p.total = energy_of(seen.first(options.start)) + p.next_epoch * (plan.expected() - static_cast<double>(options.start));
  return p;
}

Projection step_power(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options) {
  const auto window = seen.subspan(options.start, options.window);
  const auto time = duration_of(window), before = duration_of(seen);
  if (!time || !before)
    throw Error(ErrorKind::invalid_input, "step-power needs the duration of each epoch; add a column duration_s or take step");
  Projection p = by_mean(seen, window, plan);
  const Watts power = energy_of(window) / *time;
  const Seconds planned = options.duration ? *options.duration : *before + *p.next_duration * (plan.expected() - size_of(seen));
  p.total = power * planned;
  if (!options.duration)
    p.remarks.push_back("the planned duration is that of the epochs seen, and of the window's for those to come");
  return p;
}

/// Of the standard normal distribution, by bisection.
double normal_quantile(double share) {
  double low = -10, high = 10;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return low;
}

/// Quantiles of (epochs to come) x (energy of one), over the plan's ends and the errors' two half normal sides.
JoulesInterval mixed_interval(const Projection& p, std::span<const Epoch> seen, const EpochPlan& plan) {
  constexpr int parts = 80;
  std::vector<std::pair<double, double>> outcomes;  // total, weight
  std::vector<double> sizes;                        // of the error, 1 at the interval's ends
  for (int i = 0; i < parts; ++i) sizes.push_back(normal_quantile((i + 0.5) / parts) / normal_quantile(1 - tail));
  const double next = p.next_epoch.value, low = std::log(p.next_interval->low.value / next),
               high = std::log(p.next_interval->high.value / next);
  for (const EpochPlan::End& end : plan.ends())
    for (const double z : sizes) {
      const double one = next * std::exp(z < 0 ? -z * low : z * high);
      outcomes.emplace_back(p.spent.value + (end.epochs - size_of(seen)) * one, end.weight / parts);
    }
  std::sort(outcomes.begin(), outcomes.end());
  const auto at = [&](double share) {
    double weight = 0;
    for (const auto& [total, part] : outcomes)
      if ((weight += part) >= share) return Joules{total};
    return Joules{outcomes.back().first};
  };
  return {at(tail), at(1 - tail)};
}

Projection ours(std::span<const Epoch> seen, const EpochPlan& plan, const ProjectionOptions& options) {
  if (!options.learned) throw Error(ErrorKind::internal, "the projection `ours` was handed nothing learned");
  const EpochSignals signals = signals_of(seen, plan.expected());
  const LearnedProjection::After& learned = options.learned->of(seen.size());
  Projection p{.spent = energy_of(seen)};
  p.stable_since = signals.stable_since;
  p.next_epoch = Joules{signals.reference_j * std::exp(options.learned->correction(signals, seen.size()))};
  p.next_interval = {p.next_epoch * std::exp(signals.scale * learned.low), p.next_epoch * std::exp(signals.scale * learned.high)};
  const auto stable = seen.subspan(signals.stable_since < seen.size() ? signals.stable_since : 0);
  if (const auto duration = duration_of(stable)) p.next_duration = *duration / size_of(stable);
  const double left = plan.expected() - size_of(seen);
  p.total = p.spent + p.next_epoch * left;
  p.interval = plan.is_fixed() ? JoulesInterval{p.spent + p.next_interval->low * left, p.spent + p.next_interval->high * left}
                               : mixed_interval(p, seen, plan);
  return p;
}

constexpr ProjectionMethod all[] = {
    {"carbontracker", "mean of the first epochs x epochs",
     [](const ProjectionOptions& o) { return std::max<size_t>(1, o.first); }, carbontracker},
    {"skip-k", "some epochs skipped, the mean of the next", [](const ProjectionOptions& o) { return o.skip + 1; }, skip},
    {"step", "STEP, energy form", [](const ProjectionOptions& o) { return o.start + o.window; }, step},
    {"step-power", "STEP, power form", [](const ProjectionOptions& o) { return o.start + o.window; }, step_power},
    {"ours", "stability found as epochs come, drift learned from other runs, with an interval",
     [](const ProjectionOptions&) -> size_t { return 1; }, ours},
};

}  // namespace

std::span<const ProjectionMethod> projection_methods() { return all; }

const ProjectionMethod& require_projection_method(std::string_view name) {
  std::vector<std::string_view> known;
  for (const ProjectionMethod& method : all) {
    if (method.name == name) return method;
    known.push_back(method.name);
  }
  throw Error(ErrorKind::invalid_input, fmt::format("unknown method '{}'; known are {}", name, fmt::join(known, ", ")));
}

Projection project(const ProjectionMethod& method, std::span<const Epoch> seen, const EpochPlan& plan,
                   const ProjectionOptions& options) {
  if (options.window == 0 && (method.project == step || method.project == step_power))
    throw Error(ErrorKind::invalid_input, "a window of 0 epochs has no mean; expected 1 or more");
  if (const size_t fewest = method.fewest(options); seen.size() < fewest)
    throw Error(ErrorKind::invalid_input, fmt::format("{} epoch(s) seen; {} needs {} or more: wait for them, or take `ours`",
                                                      seen.size(), method.name, fewest));
  const auto left = plan.after(static_cast<int64_t>(seen.size()));
  if (!left)
    throw Error(ErrorKind::invalid_input, fmt::format("{} epochs are there, but the run ends after {} at most; correct --planned",
                                                      seen.size(), plan.latest()));
  if (left->latest() > size_of(seen)) {
    Projection p = method.project(seen, *left, options);
    if (seen.size() == 1)
      p.remarks.push_back(
          p.interval ? "one epoch tells little: it carries the start-up, so the interval is wide until a second one is there"
                     : "one epoch tells little: it carries the start-up; project again when a second one is there");
    return p;
  }
  Projection done{.spent = energy_of(seen), .total = energy_of(seen)};
  done.interval = JoulesInterval{done.total, done.total};
  done.remarks.push_back("all epochs are there: the total is measured");
  return done;
}

std::optional<BudgetPassed> budget_passed(Joules budget, std::span<const Epoch> seen, double latest, Joules next,
                                          std::optional<Seconds> next_duration) {
  Joules spent;
  std::optional<Seconds> time = Seconds{0};
  for (size_t i = 0; i < seen.size(); ++i) {
    const Epoch& epoch = seen[i];
    const double share = (budget - spent) / epoch.energy;
    if (share < 1) {
      if (time && epoch.duration) *time += *epoch.duration * share;
      else time.reset();
      return BudgetPassed{.epoch = static_cast<double>(i) + 1, .time = time, .already = true};
    }
    spent += epoch.energy;
    if (time && epoch.duration) *time += *epoch.duration;
    else time.reset();
  }
  const double more = (budget - spent) / next;
  if (size_of(seen) + more >= latest) return std::nullopt;
  if (time && next_duration) *time += *next_duration * more;
  else time.reset();
  return BudgetPassed{.epoch = std::floor(size_of(seen) + more) + 1, .time = time};
}

}  // namespace wattlayer
