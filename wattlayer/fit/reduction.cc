#include "wattlayer/fit/reduction.h"

#include <ceres/tiny_solver.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/few_rows.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

/// The shape ceres::TinySolver asks of a cost function.
struct SolverFunction {
  using Scalar = double;
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = Eigen::Dynamic };
  const PhysicsProblem& problem;
  int NumResiduals() const { return static_cast<int>(problem.residuals()); }
  int NumParameters() const { return static_cast<int>(problem.parameters()); }
  bool operator()(const double* x, double* residuals, double* jacobian) const {
    problem.evaluate(x, residuals, jacobian);
    return std::isfinite(residuals[0]);
  }
};

/// Networks of many operators: dense steps in the space of the parameters would take most of a fit's time.
constexpr size_t many_parameters = 400;

size_t group_number(std::vector<PhysicsGroup>& groups, const Group& group) {
  for (size_t g = 0; g < groups.size(); ++g)
    if (groups[g].variant == group.variant && groups[g].dtype == group.dtype && groups[g].family == name(group.family)) return g;
  groups.push_back({.family = std::string(name(group.family)), .variant = std::string(group.variant), .dtype = group.dtype});
  return groups.size() - 1;
}

/// A board that was measured above its design power has a higher limit. The highest hundredth of the rows may be mistaken.
void raise_power_limit(FitDevice& device, size_t number, const std::vector<FitRow>& rows) {
  std::vector<double> watts;
  for (const FitRow& row : rows)
    if (row.device == number && row.has_energy && row.has_time) watts.push_back(std::exp(row.log_energy - row.log_time));
  if (!device.power_limit_w || watts.empty()) return;
  const auto high = watts.begin() + static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(watts.size() - 1));
  std::nth_element(watts.begin(), high, watts.end());
  device.power_limit_w = std::max(*device.power_limit_w, *high);
}

Reduced as_terms(TrainingRows rows, const Target& target, const DevicePrior* known) {
  Reduced out;
  if (known) out.groups = known->groups, out.known_groups = known->groups.size();
  std::vector<std::pair<const Hardware*, const Engine*>> pairs;
  for (const Measurement* m : rows) {
    if (!usable(*m)) continue;
    const auto pair = described(*m, target);
    const auto [hardware, engine] = pair;
    const auto at = std::find(pairs.begin(), pairs.end(), pair);
    FitRow row{.is_network = m->workload.is_network, .device = static_cast<size_t>(at - pairs.begin())};
    if (at == pairs.end()) {
      pairs.push_back(pair);
      out.devices.push_back({hardware, issues_ahead(*hardware, *engine), power_limit(*hardware)});
    }
    row.point = operating_point(*hardware, m->conditions);
    if ((row.has_energy = has_measured_energy(*m))) row.log_energy = std::log(*m->energy_j);
    if ((row.has_time = m->time_s && *m->time_s > 0)) row.log_time = std::log(*m->time_s);
    for (const WorkloadItem& item : m->workload.items) {
      const Features f = features(item.layer, *hardware, *engine);
      row.terms.push_back(
          {.group = group_number(out.groups, f.group), .count = item.count, .counts = f.counts, .coordinates = f.coordinates});
    }
    out.rows.push_back(std::move(row));
  }
  if (out.devices.empty())
    out.devices.push_back({&target.hardware, issues_ahead(target.hardware, target.engine), power_limit(target.hardware)});
  for (size_t d = 0; d < out.devices.size(); ++d) raise_power_limit(out.devices[d], d, out.rows);
  return out;
}

using Place = std::array<double, coordinate_kinds>;

/// Mean, spread and range of a group's coordinates over its distinct layers.
void describe(PhysicsGroup& group, const std::set<Place>& layers) {
  group.rows = layers.size();
  const double n = static_cast<double>(layers.size());
  for (size_t j = 0; j < coordinate_kinds; ++j) {
    double sum = 0, squares = 0;
    group.low[j] = INFINITY, group.high[j] = -INFINITY;
    for (const Place& x : layers) {
      sum += x[j], squares += x[j] * x[j];
      group.low[j] = std::min(group.low[j], x[j]), group.high[j] = std::max(group.high[j], x[j]);
    }
    group.mean[j] = sum / n;
    const double variance = squares / n - group.mean[j] * group.mean[j];
    group.spread[j] = variance > 1e-6 ? std::sqrt(variance) : 0;
  }
}

/// A group that a prior describes reaches as far as the new layers do.
void widen(PhysicsGroup& group, const std::set<Place>& layers) {
  group.rows += layers.size();
  for (const Place& x : layers)
    for (size_t j = 0; j < coordinate_kinds; ++j) {
      group.low[j] = std::min(group.low[j], x[j]);
      group.high[j] = std::max(group.high[j], x[j]);
    }
}

/// Describes the groups, then sets the residual terms of every layer.
void standardise(Reduced& reduced) {
  std::vector<std::set<Place>> layers(reduced.groups.size());
  for (const FitRow& row : reduced.rows)
    for (const Term& term : row.terms) layers[term.group].insert(term.coordinates);
  for (size_t g = 0; g < reduced.groups.size(); ++g)
    if (g < reduced.known_groups) widen(reduced.groups[g], layers[g]);
    else describe(reduced.groups[g], layers[g]);
  for (FitRow& row : reduced.rows)
    for (Term& term : row.terms) residual_at(reduced.groups[term.group], term.coordinates, term.residual);
}

}  // namespace

std::pair<const Hardware*, const Engine*> described(const Measurement& m, const Target& target) {
  const bool other = target.catalogue && (m.hardware != target.hardware.id || m.engine != target.engine.id);
  if (!other) return {&target.hardware, &target.engine};
  return {&target.catalogue->hardware(m.hardware), &target.catalogue->engine(m.engine)};
}

Reduced reduce(TrainingRows rows, const Target& target, const DevicePrior* known) {
  Reduced reduced = as_terms(rows, target, known);
  standardise(reduced);
  return reduced;
}

std::vector<double> solve(const PhysicsProblem& problem, const PhysicsParameters& parameters, int iterations) {
  const size_t of_rows = problem.residuals() - parameters.size();
  if (parameters.size() > many_parameters && of_rows < parameters.size()) return solve_few_rows(problem, parameters, iterations);
  const SolverFunction function{problem};
  ceres::TinySolver<SolverFunction> solver;
  solver.options.max_num_iterations = iterations;
  solver.options.cost_threshold = 1e-12;
  solver.options.gradient_tolerance = 1e-6;
  solver.options.parameter_tolerance = 1e-6;
  solver.options.function_tolerance = 1e-5;
  std::vector<double> start = parameters.start();
  Eigen::VectorXd x = Eigen::Map<Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size()));
  solver.Solve(function, &x);
  return {x.data(), x.data() + x.size()};
}

PhysicsModel fit_law(TrainingRows rows, const Target& target, double norm, size_t most_rows, int iterations,
                     const DevicePrior* known, bool curved_windows) {
  const auto kept = thinned(rows, most_rows);
  Reduced reduced = reduce(kept, target, known);
  if (reduced.rows.size() < 5 && !known)
    throw Error(ErrorKind::invalid_input,
                "cannot fit: expected at least 5 measurements with energy or time and known shapes, found " +
                    std::to_string(reduced.rows.size()));
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices, known, curved_windows);
  const std::vector<double> x =
      reduced.rows.empty() ? parameters.start() : solve(PhysicsProblem(reduced.rows, parameters, norm), parameters, iterations);
  PhysicsModel model = parameters.model(x.data(), reduced.groups, norm);
  for (size_t i = 0; i < reduced.rows.size(); ++i) {
    const double clock = reduced.rows[i].point.clock;
    model.clock_low = i ? std::min(model.clock_low, clock) : clock,
    model.clock_high = i ? std::max(model.clock_high, clock) : clock;
  }
  return model;
}

}  // namespace wattlayer
