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

/// Rows reduced to terms, and the groups and devices they belong to.
struct Reduced {
  std::vector<FitRow> rows;
  std::vector<PhysicsGroup> groups;
  std::vector<FitDevice> devices;
  size_t known_groups = 0;  ///< of a prior; they come first and keep their standardisation
};

/// Hardware and engine of a row: the target's, unless the row names others and there is a catalogue to describe them.
std::pair<const Hardware*, const Engine*> described(const Measurement& m, const Target& target) {
  const bool other = target.catalogue && (m.hardware != target.hardware.id || m.engine != target.engine.id);
  if (!other) return {&target.hardware, &target.engine};
  return {&target.catalogue->hardware(m.hardware), &target.catalogue->engine(m.engine)};
}

bool issues_ahead(const Hardware& hardware, const Engine& engine) { return engine.asynchronous && hardware.kind != "cpu"; }

size_t group_number(std::vector<PhysicsGroup>& groups, const Group& group) {
  for (size_t g = 0; g < groups.size(); ++g)
    if (groups[g].variant == group.variant && groups[g].dtype == group.dtype && groups[g].family == name(group.family)) return g;
  groups.push_back({.family = std::string(name(group.family)), .variant = std::string(group.variant), .dtype = group.dtype});
  return groups.size() - 1;
}

/// Devices are numbered in the order of the rows; the target is the only one where there is no row.
Reduced reduce(TrainingRows rows, const Target& target, const PhysicsPrior* known) {
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
      out.devices.push_back({hardware, issues_ahead(*hardware, *engine)});
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
  if (out.devices.empty()) out.devices.push_back({&target.hardware, issues_ahead(target.hardware, target.engine)});
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

std::vector<double> solve(const PhysicsProblem& problem, const PhysicsParameters& parameters, int iterations) {
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

/// The law fitted to rows of one device; the prior alone where there are none.
PhysicsModel fit_with(TrainingRows rows, const Target& target, double norm, size_t most_rows, int iterations,
                      const PhysicsPrior* known = nullptr) {
  const auto kept = thinned(rows, most_rows);
  Reduced reduced = reduce(kept, target, known);
  if (reduced.rows.size() < 5 && !known)
    throw Error(ErrorKind::invalid_input,
                "cannot fit: expected at least 5 measurements with energy or time and known shapes, found " +
                    std::to_string(reduced.rows.size()));
  standardise(reduced);
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices, known);
  const std::vector<double> x =
      reduced.rows.empty() ? parameters.start() : solve(PhysicsProblem(reduced.rows, parameters, norm), parameters, iterations);
  return parameters.model(x.data(), reduced.groups, norm);
}

/// The norm that does best on a held-out third of the blocks.
double choose_norm(TrainingRows rows, const Target& target, const PhysicsFitOptions& options) {
  if (options.norms.size() == 1) return options.norms[0];
  const auto kept = thinned(rows, 1500);
  const auto folds = blocked_folds(kept, 3);
  if (folds.size() < 2) return options.norms[0];
  double best = INFINITY, chosen = options.norms[0];
  for (double norm : options.norms) {
    const auto rest = outside_fold(folds, 0);
    if (rest.size() < 5) return options.norms[0];
    const PhysicsModel model = fit_with(rest, target, norm, rest.size(), options.iterations / 2);
    double sum = 0;
    for (const Measurement* m : folds[0]) {
      const auto predicted = price(model, *m, target.hardware, target.engine);
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

PhysicsFit fit_own(TrainingRows rows, const Target& target, const PhysicsFitOptions& options) {
  const bool measured = energy_was_measured(rows, options);
  const double norm = choose_norm(rows, target, options);
  PhysicsFit fit{.model = fit_with(rows, target, norm, options.most_rows, options.iterations)};
  if (!measured) state_power(fit.model, options.stated_power_w ? *options.stated_power_w : *stated_power(rows));
  if (options.calibration_folds > 1)
    fit.held_out =
        calibrate(fit.model, thinned(rows, options.most_rows / 2), target.hardware, target.engine, options.calibration_folds,
                  [&](TrainingRows rest) { return fit_with(rest, target, norm, rest.size(), options.iterations / 2); });
  return fit;
}

/// Half widths: what devices differ by, and less of it with each row of the device's own.
void calibrate_from(const PhysicsPrior& prior, size_t own_rows, PhysicsModel& model) {
  const double share = 1 / (1 + static_cast<double>(own_rows) / 2);
  const auto between = [&](double within, double without_rows) {
    return std::sqrt(within * within + std::max(0.0, without_rows * without_rows - within * within) * share);
  };
  const double energy = between(prior.energy_within, prior.energy_width), time = between(prior.time_within, prior.time_width);
  model.layer_calibration =
      model.network_calibration = {.energy = energy, .time = time, .power = energy, .rows = prior.rows, .blocks = prior.devices};
}

/// Rows with the device that they name, so many of each.
std::vector<const Measurement*> evenly_by_device(TrainingRows rows, size_t most) {
  std::map<std::pair<std::string, std::string>, std::vector<const Measurement*>> devices;
  for (const Measurement* m : rows)
    if (usable(*m)) devices[{m->hardware, m->engine}].push_back(m);
  std::vector<const Measurement*> kept;
  for (const auto& [device, own] : devices) {
    const auto some = thinned(own, most);
    kept.insert(kept.end(), some.begin(), some.end());
  }
  return kept;
}

/// 90 % quantile of |log error| over rows, energy first.
std::pair<double, double> widths(const std::vector<double>& energy, const std::vector<double>& time) {
  const auto of = [](const std::vector<double>& errors) { return errors.size() < 10 ? 0.7 : conformal_quantile(errors); };
  return {of(energy), of(time)};
}

PhysicsPrior fit_jointly(TrainingRows rows, const Target& target, double norm, int iterations) {
  Reduced reduced = reduce(rows, target, nullptr);
  standardise(reduced);
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices);
  const std::vector<double> x = solve(PhysicsProblem(reduced.rows, parameters, norm), parameters, iterations);
  PhysicsPrior prior = parameters.prior(x.data(), reduced.groups, norm);
  std::vector<double> residuals(PhysicsProblem(reduced.rows, parameters, norm).residuals());
  prior.rows = reduced.rows.size(), prior.devices = reduced.devices.size();
  std::vector<double> energy, time;
  for (const Measurement* m : rows) {
    const auto [hardware, engine] = described(*m, target);
    const auto at = std::find_if(reduced.devices.begin(), reduced.devices.end(),
                                 [h = hardware](const FitDevice& d) { return d.hardware == h; });
    const PhysicsModel model =
        parameters.model(x.data(), reduced.groups, norm, static_cast<size_t>(at - reduced.devices.begin()));
    const auto predicted = price(model, *m, *hardware, *engine);
    if (has_measured_energy(*m)) energy.push_back(std::abs(std::log(*m->energy_j / predicted.energy_j)));
    if (m->time_s) time.push_back(std::abs(std::log(*m->time_s / predicted.time_s)));
  }
  std::tie(prior.energy_within, prior.time_within) = widths(energy, time);
  return prior;
}

}  // namespace

PhysicsPrior learn_prior(TrainingRows rows, const Target& target, const PriorOptions& options) {
  const auto kept = evenly_by_device(rows, options.rows_of_a_device);
  if (kept.size() < 5)
    throw Error(ErrorKind::invalid_input,
                "cannot learn from other devices: expected at least 5 usable rows, found " + std::to_string(kept.size()));
  PhysicsPrior prior = fit_jointly(kept, target, options.norm, options.iterations);
  std::set<std::string> devices;
  for (const Measurement* m : kept) devices.insert(m->hardware);
  std::vector<double> energy, time;
  if (options.leave_devices_out && devices.size() > 2)
    for (const std::string& device : devices) {
      std::vector<const Measurement*> others, own;
      for (const Measurement* m : kept) (m->hardware == device ? own : others).push_back(m);
      const PhysicsPrior without =
          fit_jointly(evenly_by_device(others, options.rows_of_a_device / 3), target, options.norm, options.iterations / 2);
      for (const Measurement* m : own) {
        const auto [hardware, engine] = described(*m, target);
        const Target left_out{*hardware, *engine, target.catalogue};
        const auto predicted = price(fit_with({}, left_out, without.norm, 0, 0, &without), *m, *hardware, *engine);
        if (has_measured_energy(*m)) energy.push_back(std::abs(std::log(*m->energy_j / predicted.energy_j)));
        if (m->time_s) time.push_back(std::abs(std::log(*m->time_s / predicted.time_s)));
      }
    }
  std::tie(prior.energy_width, prior.time_width) = widths(energy, time);
  return prior;
}

PhysicsFit fit_from_prior(TrainingRows rows, const Target& target, const PhysicsPrior& prior, const PhysicsFitOptions& options) {
  PhysicsFit fit{.model = fit_with(rows, target, prior.norm, options.most_rows, options.iterations, &prior)};
  calibrate_from(prior, rows.size(), fit.model);
  return fit;
}

PhysicsFit fit_physics(TrainingRows rows, const Target& target, const PhysicsFitOptions& options) {
  std::vector<const Measurement*> own, others;
  for (const Measurement* m : rows) {
    const bool other = target.catalogue && (m->hardware != target.hardware.id || m->engine != target.engine.id);
    (other ? others : own).push_back(m);
  }
  if (others.empty()) return fit_own(own, target, options);
  return fit_from_prior(own, target, learn_prior(others, target), options);
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
  PhysicsFit fit = fit_physics(rows, Target{hardware, engine}, options);
  m.card = write_card(about, rows, fit);
  *m.physics = std::move(fit.model);
  return m;
}

Method physics_method() {
  return {.name = "physics",
          .summary = "static power x time + energy per count, residuals in log space, conformal intervals (ours)",
          .has_intervals = true,
          .fit = [](TrainingRows rows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<PhysicsPredictor>(fit_physics(rows, target).model, target.hardware, target.engine);
          }};
}

}  // namespace wattlayer
