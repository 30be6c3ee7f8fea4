#include "cli/projection_text.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::optional<double> seconds(const std::optional<Seconds>& time) { return time ? std::optional(time->value) : std::nullopt; }

std::string time_text(double s) {
  if (s < 120) return fmt::format("{:.3g} s", s);
  if (s < 7200) return fmt::format("{:.1f} min", s / 60);
  return s < 172800 ? fmt::format("{:.1f} h", s / 3600) : fmt::format("{:.1f} days", s / 86400);
}

std::optional<double> time_spent(std::span<const Epoch> seen) {
  double sum = 0;
  for (const Epoch& epoch : seen) {
    if (!epoch.duration) return std::nullopt;
    sum += epoch.duration->value;
  }
  return sum;
}

std::optional<double> time_in_all(const ProjectedRun& run) {
  const auto spent = time_spent(run.seen);
  const double left = run.plan.expected() - static_cast<double>(run.seen.size());
  if (!spent || (left > 0 && !run.projection.next_duration)) return std::nullopt;
  return *spent + (left > 0 ? left * run.projection.next_duration->value : 0);
}

std::string with_interval(const std::optional<JoulesInterval>& interval, Joules value, double factor, std::string_view unit) {
  if (!interval) return fmt::format("{:.4g} {}", value.value * factor, unit);
  return fmt::format("{:.4g} {} [{:.4g}, {:.4g}]", value.value * factor, unit, interval->low.value * factor,
                     interval->high.value * factor);
}

std::string joules_text(const std::optional<JoulesInterval>& interval, Joules value) {
  return interval ? quantity_interval(value.value, interval->low.value, interval->high.value, "J") : quantity(value.value, "J");
}

std::string plan_text(const EpochPlan& plan) {
  if (plan.is_fixed()) return fmt::format("{:.0f}", plan.latest());
  return fmt::format("{:.1f} expected ({:.0f} to {:.0f}: early stopping)", plan.expected(), plan.ends().front().epochs,
                     plan.latest());
}

std::string passed_text(const BudgetPassed& passed) {
  return fmt::format("{} epoch {:.0f}{}", passed.already ? "was passed in" : "will be passed in", passed.epoch,
                     passed.time ? fmt::format(", {} after the start", time_text(passed.time->value)) : "");
}

std::string budget_text(const ProjectedRun& run) {
  const std::string budget = fmt::format("{:.4g} kWh", run.cost.budget->value / joules_per_kwh);
  if (run.passed) return fmt::format("{} {}", budget, passed_text(*run.passed));
  if (run.passed_at_worst)
    return fmt::format("{} suffices by the projection; at the upper end of the interval it {}", budget,
                       passed_text(*run.passed_at_worst));
  return fmt::format("{} suffices{}", budget, run.projection.interval ? ", also at the upper end of the interval" : "");
}

Json interval_json(const std::optional<JoulesInterval>& interval) {
  return interval ? Json::array({interval->low.value, interval->high.value}) : Json();
}

Json passed_json(const std::optional<BudgetPassed>& passed) {
  if (!passed) return {};
  return {{"epoch", passed->epoch}, {"time_s", number(seconds(passed->time))}, {"already", passed->already}};
}

}  // namespace

void compare_with_budget(ProjectedRun& run) {
  if (!run.cost.budget) return;
  const Joules budget = *run.cost.budget / run.cost.factors.pue.value_or(1);
  const Projection& p = run.projection;
  const auto passed = [&](Joules next) { return budget_passed(budget, run.seen, run.plan.latest(), next, p.next_duration); };
  if (run.plan.is_fixed() || p.total > budget) run.passed = passed(p.next_epoch);
  if (p.interval && p.interval->high > budget)
    run.passed_at_worst = passed(p.next_interval ? p.next_interval->high : p.next_epoch);
  if (p.total <= budget) run.passed.reset();
  else if (!run.passed) run.passed = BudgetPassed{.epoch = run.plan.latest(), .time = std::nullopt};
}

std::string projection_table(const ProjectedRun& run) {
  const Projection& p = run.projection;
  const double factor = run.cost.factors.pue.value_or(1) / joules_per_kwh;
  TextTable table({{""}, {"ENERGY OF THE RUN"}, {"TIME"}});
  const auto spent_time = time_spent(run.seen), all_time = time_in_all(run);
  table.row({"epochs", fmt::format("{} of {}", run.seen.size(), plan_text(run.plan)),
             p.stable_since && *p.stable_since < run.seen.size()
                 ? fmt::format("one level since epoch {}", run.seen[*p.stable_since].number)
                 : ""});
  table.row({"spent", fmt::format("{}  = {:.4g} kWh", quantity(p.spent.value, "J"), p.spent.value / joules_per_kwh),
             spent_time ? time_text(*spent_time) : ""});
  table.row(
      {"projected total",
       fmt::format("{}  = {}", joules_text(p.interval, p.total), with_interval(p.interval, p.total, 1 / joules_per_kwh, "kWh")),
       all_time ? time_text(*all_time) : ""},
      Style::bold);
  if (run.cost.factors.pue)
    table.row({"with the data centre", with_interval(p.interval, p.total, factor, "kWh"),
               fmt::format("PUE {:g}", *run.cost.factors.pue)});
  if (const auto& grid = run.cost.factors.grid)
    table.row({"CO2e", with_interval(p.interval, p.total, factor * grid->g_per_kwh / 1000, "kg"), grid->basis});
  if (const auto& price = run.cost.factors.price)
    table.row({"cost", with_interval(p.interval, p.total, factor * price->per_kwh, price->currency),
               fmt::format("{:g}{}{} a kWh", price->per_kwh, price->currency.empty() ? "" : " ", price->currency)});
  if (run.cost.budget) table.row({"budget", budget_text(run)}, run.passed ? Style::red : Style::plain);
  std::string out = fmt::format("{}: {} by {}{}\n\n{}", printable(run.file), printable(run.energy_from), run.method,
                                p.interval ? ", intervals of 90 %" : ", which has no interval", table.print(terminal().colour));
  for (const std::string& remark : p.remarks) out += fmt::format("note: {}\n", remark);
  return out;
}

std::string projection_json(const ProjectedRun& run, bool compact) {
  const Projection& p = run.projection;
  const double kwh = p.total.value / joules_per_kwh, facility = kwh * run.cost.factors.pue.value_or(1);
  Json json{{"schema", 1},
            {"file", run.file},
            {"method", run.method},
            {"energy_from", run.energy_from},
            {"epochs_seen", run.seen.size()},
            {"epochs_expected", run.plan.expected()},
            {"epochs_latest", run.plan.latest()},
            {"spent_j", p.spent.value},
            {"total_j", p.total.value},
            {"total_interval90_j", interval_json(p.interval)},
            {"total_kwh", kwh},
            {"next_epoch_j", p.next_epoch.value > 0 ? Json(p.next_epoch.value) : Json()},
            {"spent_s", number(time_spent(run.seen))},
            {"total_s", number(time_in_all(run))}};
  json["stable_since_epoch"] =
      p.stable_since && *p.stable_since < run.seen.size() ? Json(run.seen[*p.stable_since].number) : Json();
  json["pue"] = number(run.cost.factors.pue);
  json["total_with_pue_kwh"] = run.cost.factors.pue ? Json(facility) : Json();
  const auto& [grid, pue, price, per_day, embodied] = run.cost.factors;
  json["co2_kg"] = grid ? Json(facility * grid->g_per_kwh / 1000) : Json();
  json["co2_basis"] = grid ? Json(grid->basis) : Json();
  json["cost"] = price ? Json(facility * price->per_kwh) : Json();
  json["currency"] = price && !price->currency.empty() ? Json(price->currency) : Json();
  json["budget_j"] = run.cost.budget ? Json(run.cost.budget->value) : Json();
  json["budget_passed"] = passed_json(run.passed);
  json["budget_passed_at_worst"] = passed_json(run.passed_at_worst);
  json["remarks"] = p.remarks;
  return json.dump(compact ? -1 : 1) + "\n";
}

std::string projection_line(const ProjectedRun& run) {
  const Projection& p = run.projection;
  return fmt::format("epoch {} of {}: spent {}, total {}{}\n", run.seen.size(), plan_text(run.plan), quantity(p.spent.value, "J"),
                     joules_text(p.interval, p.total), run.cost.budget ? "; budget " + budget_text(run) : "");
}

Joules parse_energy(const std::string& text) {
  static const std::pair<std::string_view, double> units[] = {
      {"mJ", 1e-3}, {"J", 1}, {"kJ", 1e3}, {"MJ", 1e6}, {"GJ", 1e9}, {"mWh", 3.6}, {"Wh", 3600}, {"kWh", 3.6e6}, {"MWh", 3.6e9}};
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  for (const auto& [name, factor] : units)
    if (status == std::errc() && name == unit && value > 0 && value < 1e15) return Joules{value * factor};
  throw Error(ErrorKind::invalid_input,
              fmt::format("'{}' is no energy; expected a number above 0 with mJ, J, kJ, MJ, GJ, mWh, Wh, "
                          "kWh or MWh behind it: 2kWh",
                          text));
}

}  // namespace wattlayer::cli
