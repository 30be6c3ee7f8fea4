#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/advice/levers.h"
#include "wattlayer/report/network_change.h"
#include "wattlayer/report/quantity_text.h"

namespace wattlayer {
namespace {

double half_width(const Interval& i) { return i.value > 0 && i.high > i.value ? std::log(i.high / i.value) : 0; }

Interval times(const Interval& i, double factor) { return {i.value * factor, i.low * factor, i.high * factor}; }

}  // namespace

std::string_view name(Basis basis) {
  static constexpr std::string_view names[] = {"energy model", "counting", "data sheet", "stated power"};
  return names[static_cast<size_t>(basis)];
}

void set_saving(Lever& lever, const Trial& trial, const EstimateReport& other, Relation relation) {
  const Interval &now = trial.now().energy_per_inference_j, &then = other.energy_per_inference_j;
  const double ratio = then.value / now.value;
  const double batches = static_cast<double>(other.estimate.batch) / static_cast<double>(trial.now().estimate.batch);
  const bool same = other.estimate.energy_model == trial.now().estimate.energy_model;
  const double half = trial.errors.half_width({.relation = relation,
                                               .half_a = half_width(now),
                                               .half_b = half_width(then),
                                               .log_batches = std::log(batches),
                                               .energy_model = same ? trial.now().estimate.energy_model : std::string(),
                                               .coverage = std::min(other.estimate.coverage, trial.now().estimate.coverage)});
  lever.saving = {1 - ratio, 1 - ratio * std::exp(half), 1 - ratio * std::exp(-half)};
  lever.saving_j = times(lever.saving, now.value);
}

void set_saving(Lever& lever, const Trial& trial, const Workload& other) {
  const EnergyModel& model = trial.model();
  const EstimateReport then = report(other, predict(other, model, operating_point_of(model, trial.question.device)));
  const NetworkChange change = network_change(trial.now(), then);
  const Interval& c = change.change_j;
  const double whole = change.before_j.value;
  lever.saving = {-c.value / whole, -c.high / whole, std::min(1.0, -c.low / whole)};
  lever.saving_j = times(lever.saving, trial.now().energy_per_inference_j.value);
}

void Trial::add(Lever lever) const {
  if (model().from_data_sheet && lever.basis != Basis::stated_power) lever.basis = Basis::data_sheet;
  if (incomplete()) lever.calibrated = false;
  constexpr double worth_saying = 0.001;
  if (lever.saving.low > 0 && lever.saving.high < worth_saying)
    return advice.remarks.push_back(fmt::format("{}: saves less than 0.1 %", lever.change));
  if (lever.saving.low > 0 && lever.calibrated) return advice.levers.push_back(std::move(lever));
  if (lever.saving.value > 0) return advice.cannot_tell.push_back(std::move(lever));
  advice.remarks.push_back(
      lever.saving.value == 0 && lever.saving.low == lever.saving.high
          ? fmt::format("{}: changes nothing", lever.change)
          : fmt::format("{}: {} per inference [{}, {}]", lever.change,
                        lever.saving.high < 0
                            ? fmt::format("costs {} more", quantity(-lever.saving_j.value, "J"))
                            : fmt::format("no saving is to be expected, {} more", quantity(-lever.saving_j.value, "J")),
                        quantity(-lever.saving_j.high, "J"), quantity(-lever.saving_j.low, "J")));
}

std::string time_cost(const Trial& trial, const EstimateReport& other) {
  return fmt::format("{} a batch of {} instead of {}{}", quantity(other.estimate.time_s.value, "s"), other.estimate.batch,
                     quantity(trial.now().estimate.time_s.value, "s"),
                     other.estimate.batch == trial.now().estimate.batch ? "" : fmt::format(" of {}", trial.now().estimate.batch));
}

}  // namespace wattlayer
