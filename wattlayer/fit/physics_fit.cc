#include "wattlayer/fit/physics_fit.h"

#include <ceres/tiny_solver.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/physics_problem.h"
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

/// Rows reduced to terms, and the groups they belong to.
struct Reduced {
  std::vector<FitRow> rows;
  std::vector<PhysicsGroup> groups;
};

Reduced reduce(TrainingRows rows, const Hardware& hardware, const Engine& engine) {
  Reduced out;
  auto group_number = [&](const Group& group) {
    for (size_t g = 0; g < out.groups.size(); ++g)
      if (out.groups[g].variant == group.variant && out.groups[g].family == name(group.family)) return g;
    out.groups.push_back({.family = std::string(name(group.family)), .variant = std::string(group.variant)});
    return out.groups.size() - 1;
  };
  for (const Measurement* m : rows) {
    if (!usable(*m)) continue;
    FitRow row;
    row.is_network = m->workload.is_network;
    if ((row.has_energy = has_measured_energy(*m))) row.log_energy = std::log(*m->energy_j);
    if ((row.has_time = m->time_s && *m->time_s > 0)) row.log_time = std::log(*m->time_s);
    for (const WorkloadItem& item : m->workload.items) {
      const Features f = features(item.layer, hardware, engine);
      row.terms.push_back(
          {.group = group_number(f.group), .count = item.count, .counts = f.counts, .coordinates = f.coordinates});
    }
    out.rows.push_back(std::move(row));
  }
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

/// Describes the groups, then sets the residual terms of every layer.
void standardise(Reduced& reduced) {
  std::vector<std::set<Place>> layers(reduced.groups.size());
  for (const FitRow& row : reduced.rows)
    for (const Term& term : row.terms) layers[term.group].insert(term.coordinates);
  for (size_t g = 0; g < reduced.groups.size(); ++g) describe(reduced.groups[g], layers[g]);
  for (FitRow& row : reduced.rows)
    for (Term& term : row.terms) residual_at(reduced.groups[term.group], term.coordinates, term.residual);
}

PhysicsModel solve(const Reduced& reduced, const Hardware& hardware, double norm, int iterations) {
  const PhysicsParameters parameters(reduced.rows, reduced.groups, hardware);
  const PhysicsProblem problem(reduced.rows, parameters, norm);
  const SolverFunction function{problem};
  ceres::TinySolver<SolverFunction> solver;
  solver.options.max_num_iterations = iterations;
  solver.options.cost_threshold = 1e-12;
  solver.options.gradient_tolerance = 1e-6;
  solver.options.parameter_tolerance = 1e-6;
  solver.options.function_tolerance = 1e-5;
  Eigen::VectorXd x(static_cast<Eigen::Index>(parameters.size()));
  for (size_t j = 0; j < parameters.size(); ++j) x[static_cast<Eigen::Index>(j)] = parameters.priors()[j].mean;
  solver.Solve(function, &x);
  return parameters.model(x.data(), reduced.groups, norm);
}

PhysicsModel fit_with(TrainingRows rows, const Hardware& hardware, const Engine& engine, double norm, size_t most_rows,
                      int iterations) {
  const auto kept = thinned(rows, most_rows);
  Reduced reduced = reduce(kept, hardware, engine);
  if (reduced.rows.size() < 5)
    throw Error(ErrorKind::invalid_input,
                "cannot fit: expected at least 5 measurements with energy or time and known shapes, found " +
                    std::to_string(reduced.rows.size()));
  standardise(reduced);
  return solve(reduced, hardware, norm, iterations);
}

/// The norm that does best on a held-out third of the blocks.
double choose_norm(TrainingRows rows, const Hardware& hardware, const Engine& engine, const PhysicsFitOptions& options) {
  if (options.norms.size() == 1) return options.norms[0];
  const auto kept = thinned(rows, 1500);
  const auto folds = blocked_folds(kept, 3);
  if (folds.size() < 2) return options.norms[0];
  double best = INFINITY, chosen = options.norms[0];
  for (double norm : options.norms) {
    const auto rest = outside_fold(folds, 0);
    if (rest.size() < 5) return options.norms[0];
    const PhysicsModel model = fit_with(rest, hardware, engine, norm, rest.size(), options.iterations / 2);
    double sum = 0;
    for (const Measurement* m : folds[0]) {
      const auto predicted = price(model, *m, hardware, engine);
      const double error = has_measured_energy(*m) ? *m->energy_j / predicted.energy_j : *m->time_s / predicted.time_s;
      sum += std::min(std::abs(std::log(error)), 1.0);
    }
    if (sum < best) best = sum, chosen = norm;
  }
  return chosen;
}

/// Power that the rows of modelled energy were given, in watts.
std::optional<double> stated_power(TrainingRows rows) {
  std::vector<double> watts;
  for (const Measurement* m : rows)
    if (m->failure.empty() && m->method == "modelled" && m->energy_j && m->time_s && *m->time_s > 0)
      watts.push_back(*m->energy_j / *m->time_s);
  return watts.empty() ? std::nullopt : std::optional(median(watts));
}

/// Nothing about energy was fitted: the law becomes this power times time.
void state_power(PhysicsModel& model, double watts) {
  model.stated_w = model.static_w = watts;
  model.energy_j = {};
  model.correction = model.launch_correction = 0;
  for (PhysicsGroup& group : model.groups) group.energy = {};
}

/// Whether energy can be fitted; throws where it can neither be fitted nor modelled.
bool energy_was_measured(TrainingRows rows, const PhysicsFitOptions& options) {
  if (std::any_of(rows.begin(), rows.end(), [](const Measurement* m) { return m->failure.empty() && has_measured_energy(*m); }))
    return true;
  if (!options.stated_power_w && !stated_power(rows))
    throw Error(ErrorKind::invalid_input,
                "cannot fit: no row has a measured energy, and time alone says nothing about joules; measure with a meter, or "
                "state a power (--stated-power WATTS) for a model of time whose energy is labelled modelled");
  return false;
}

class PhysicsPredictor : public Predictor {
 public:
  PhysicsPredictor(PhysicsModel model, const Hardware& hardware, const Engine& engine) {
    *model_.physics = std::move(model);
    model_.hardware = hardware;
    model_.engine = engine;
  }
  std::optional<Interval> energy_j(const Workload& workload) const override { return predict(workload, model_).energy_j; }
  std::optional<Interval> time_s(const Workload& workload) const override { return predict(workload, model_).time_s; }

 private:
  EnergyModel model_;
};

}  // namespace

PhysicsFit fit_physics(TrainingRows rows, const Hardware& hardware, const Engine& engine, const PhysicsFitOptions& options) {
  const bool measured = energy_was_measured(rows, options);
  const double norm = choose_norm(rows, hardware, engine, options);
  PhysicsFit fit{.model = fit_with(rows, hardware, engine, norm, options.most_rows, options.iterations)};
  if (!measured) state_power(fit.model, options.stated_power_w ? *options.stated_power_w : *stated_power(rows));
  if (options.calibration_folds > 1)
    fit.held_out =
        calibrate(fit.model, thinned(rows, options.most_rows / 2), hardware, engine, options.calibration_folds,
                  [&](TrainingRows rest) { return fit_with(rest, hardware, engine, norm, rest.size(), options.iterations / 2); });
  return fit;
}

EnergyModel fit_energy_model(TrainingRows rows, const Hardware& hardware, std::string hardware_json, const Engine& engine,
                             std::string engine_json, std::string id, const CardOrigin& about, const PhysicsFitOptions& options) {
  if (rows.empty()) throw Error(ErrorKind::invalid_input, "cannot fit: no measurement was selected");
  EnergyModel m;
  m.id = std::move(id);
  m.hardware = hardware, m.hardware_json = std::move(hardware_json);
  m.engine = engine, m.engine_json = std::move(engine_json);
  const auto with_energy = std::find_if(rows.begin(), rows.end(), [](const Measurement* r) { return has_measured_energy(*r); });
  const Measurement& first = with_energy == rows.end() ? *rows.front() : **with_energy;
  for (const Measurement* row : rows)
    if (row->dtype != first.dtype || (with_energy != rows.end() && !has_measured_energy(*row))) {
      if (row->dtype == first.dtype) continue;  // its time takes part, its energy does not
      throw Error(ErrorKind::invalid_input, "cannot fit rows of different data type together; select one of them");
    } else if (row->scope != first.scope || row->idle_included != first.idle_included)
      throw Error(ErrorKind::invalid_input, "cannot fit rows of different scope or idle treatment together (" + first.scope +
                                                " and " + row->scope + "); select one of them");
  m.scope = first.scope;
  m.dtype = first.dtype;
  m.idle_included = first.idle_included;
  PhysicsFit fit = fit_physics(rows, hardware, engine, options);
  m.card = write_card(about, rows, fit);
  *m.physics = std::move(fit.model);
  return m;
}

Method physics_method() {
  return {.name = "physics",
          .summary = "static power x time + energy per count, residuals in log space, conformal intervals (ours)",
          .has_intervals = true,
          .fit = [](TrainingRows rows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<PhysicsPredictor>(fit_physics(rows, target.hardware, target.engine).model, target.hardware,
                                                      target.engine);
          }};
}

}  // namespace wattlayer
