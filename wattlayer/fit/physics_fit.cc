#include "wattlayer/fit/physics_fit.h"

#include <ceres/tiny_solver.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/physics_problem.h"

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

bool usable(const Measurement& m) {
  auto known = [](const WorkloadItem& item) {
    auto good = [](const Tensor& t) { return !t.present || t.known; };
    const Layer& l = item.layer;
    return std::all_of(l.inputs.begin(), l.inputs.end(), good) && std::all_of(l.outputs.begin(), l.outputs.end(), good);
  };
  return m.failure.empty() && ((m.energy_j && *m.energy_j > 0) || (m.time_s && *m.time_s > 0)) && !m.workload.items.empty() &&
         std::all_of(m.workload.items.begin(), m.workload.items.end(), known);
}

/// Rows reduced to terms, and the groups they belong to.
struct Reduced {
  std::vector<FitRow> rows;
  std::vector<const Measurement*> sources;  // of each row
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
    if ((row.has_energy = m->energy_j && *m->energy_j > 0)) row.log_energy = std::log(*m->energy_j);
    if ((row.has_time = m->time_s && *m->time_s > 0)) row.log_time = std::log(*m->time_s);
    for (const WorkloadItem& item : m->workload.items) {
      const Features f = features(item.layer, hardware, engine);
      row.terms.push_back(
          {.group = group_number(f.group), .count = item.count, .counts = f.counts, .coordinates = f.coordinates});
    }
    out.rows.push_back(std::move(row));
    out.sources.push_back(m);
  }
  return out;
}

/// Mean, spread and range of each group's coordinates, then the standardised coordinates of every term.
void standardise(Reduced& reduced) {
  struct Sums {
    std::set<std::array<double, coordinate_kinds>> distinct;
  };
  std::vector<Sums> sums(reduced.groups.size());
  for (const FitRow& row : reduced.rows)
    for (const Term& term : row.terms) sums[term.group].distinct.insert(term.coordinates);
  for (size_t g = 0; g < reduced.groups.size(); ++g) {
    PhysicsGroup& group = reduced.groups[g];
    const auto& points = sums[g].distinct;
    group.rows = points.size();
    const double n = std::max<double>(1, static_cast<double>(points.size()));
    for (size_t j = 0; j < coordinate_kinds; ++j) {
      double sum = 0, squares = 0;
      group.low[j] = INFINITY, group.high[j] = -INFINITY;
      for (const auto& p : points) {
        sum += p[j], squares += p[j] * p[j];
        group.low[j] = std::min(group.low[j], p[j]), group.high[j] = std::max(group.high[j], p[j]);
      }
      group.mean[j] = sum / n;
      const double variance = std::max(0.0, squares / n - group.mean[j] * group.mean[j]);
      group.spread[j] = variance > 1e-6 ? std::sqrt(variance) : 0;
      if (points.empty()) group.low[j] = group.high[j] = 0;
    }
  }
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

std::vector<const Measurement*> thinned(TrainingRows rows, size_t most) {
  std::vector<const Measurement*> kept;
  const double step = std::max(1.0, static_cast<double>(rows.size()) / static_cast<double>(most));
  for (double i = 0; static_cast<size_t>(i) < rows.size(); i += step) kept.push_back(rows[static_cast<size_t>(i)]);
  return kept;
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

struct Totals {
  double energy = 0, time = 0;
};

Totals evaluate(const PhysicsModel& model, const Measurement& m, const Hardware& hardware, const Engine& engine) {
  Totals t;
  double launch = 0;
  for (const WorkloadItem& item : m.workload.items) {
    const auto outcome = model.layer(features(item.layer, hardware, engine));
    t.energy += item.count * outcome.energy_j, t.time += item.count * outcome.time_s, launch += item.count * outcome.launch_s;
  }
  if (m.workload.is_network) {
    t.time += model.pass_s;
    t.energy =
        (t.energy + model.static_w * model.pass_s) * std::exp(model.correction + model.launch_correction * launch / t.time);
  }
  return t;
}

/// Rows in folds such that a block is never divided; rows without a block are each a block of their own.
std::vector<std::vector<const Measurement*>> folds_of(TrainingRows rows, size_t folds) {
  std::map<std::string, std::vector<const Measurement*>> blocks;
  size_t single = 0;
  for (const Measurement* m : rows)
    if (usable(*m)) blocks[m->block.empty() ? "#" + std::to_string(single++) : m->block].push_back(m);
  std::vector<const std::vector<const Measurement*>*> order;
  for (const auto& [name, members] : blocks) order.push_back(&members);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->size() > b->size(); });
  std::vector<std::vector<const Measurement*>> out(std::min(folds, blocks.size()));
  for (const auto* members : order) {
    auto smallest = std::min_element(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    smallest->insert(smallest->end(), members->begin(), members->end());
  }
  return out;
}

/// Everything outside fold f.
std::vector<const Measurement*> without(const std::vector<std::vector<const Measurement*>>& folds, size_t f) {
  std::vector<const Measurement*> rest;
  for (size_t i = 0; i < folds.size(); ++i)
    if (i != f) rest.insert(rest.end(), folds[i].begin(), folds[i].end());
  return rest;
}

/// The finite-sample 90 % quantile of conformal prediction: the ceil(0.9 (n+1))-th smallest.
double conformal_quantile(std::vector<double> errors) {
  std::sort(errors.begin(), errors.end());
  const size_t rank = static_cast<size_t>(std::ceil(0.9 * static_cast<double>(errors.size() + 1)));
  return errors[std::min(rank, errors.size()) - 1];
}

/// Held-out errors in log space at one level.
struct Errors {
  std::vector<double> energy, time, power;
  std::set<std::string> blocks;
  size_t singles = 0;

  void add(const Measurement& m, const Totals& predicted) {
    const bool e = m.energy_j && *m.energy_j > 0, t = m.time_s && *m.time_s > 0;
    const double log_e = e ? std::log(*m.energy_j / predicted.energy) : 0, log_t = t ? std::log(*m.time_s / predicted.time) : 0;
    if (e) energy.push_back(std::abs(log_e));
    if (t) time.push_back(std::abs(log_t));
    if (e && t) power.push_back(std::abs(log_e - log_t));
    if (m.block.empty()) ++singles;
    else blocks.insert(m.block);
  }
  void calibrate(Calibration& c) const {
    if (energy.size() >= 10) c.energy = conformal_quantile(energy);
    if (time.size() >= 10) c.time = conformal_quantile(time);
    if (power.size() >= 10) c.power = conformal_quantile(power);
    c.rows = energy.size();
    c.blocks = blocks.size() + singles;
  }
};

void calibrate(PhysicsModel& model, TrainingRows rows, const Hardware& hardware, const Engine& engine,
               const PhysicsFitOptions& options) {
  const auto kept = thinned(rows, options.most_rows / 2);
  const auto folds = folds_of(kept, options.calibration_folds);
  if (folds.size() < 2) return;
  Errors layers, networks;
  std::map<std::pair<std::string, std::string>, std::vector<double>> by_group;
  for (size_t f = 0; f < folds.size(); ++f) {
    const auto rest = without(folds, f);
    if (rest.size() < 5) continue;
    const PhysicsModel held_out = fit_with(rest, hardware, engine, model.norm, options.most_rows / 2, options.iterations / 2);
    for (const Measurement* m : folds[f]) {
      const Totals predicted = evaluate(held_out, *m, hardware, engine);
      (m->workload.is_network ? networks : layers).add(*m, predicted);
      if (m->workload.is_network || m->workload.items.size() != 1 || !m->energy_j || *m->energy_j <= 0) continue;
      const Group group = features(m->workload.items[0].layer, hardware, engine).group;
      by_group[{std::string(name(group.family)), std::string(group.variant)}].push_back(
          std::abs(std::log(*m->energy_j / predicted.energy)));
    }
  }
  layers.calibrate(model.layer_calibration);
  networks.calibrate(model.network_calibration);
  for (PhysicsGroup& g : model.groups)
    if (auto at = by_group.find({g.family, g.variant}); at != by_group.end() && at->second.size() >= 50)
      g.half_width = conformal_quantile(at->second);
}

/// The norm that does best on a held-out third of the blocks.
double choose_norm(TrainingRows rows, const Hardware& hardware, const Engine& engine, const PhysicsFitOptions& options) {
  if (options.norms.size() == 1) return options.norms[0];
  const auto kept = thinned(rows, 1500);
  const auto folds = folds_of(kept, 3);
  if (folds.size() < 2) return options.norms[0];
  double best = INFINITY, chosen = options.norms[0];
  for (double norm : options.norms) {
    const auto rest = without(folds, 0);
    if (rest.size() < 5) return options.norms[0];
    const PhysicsModel model = fit_with(rest, hardware, engine, norm, rest.size(), options.iterations / 2);
    double sum = 0;
    for (const Measurement* m : folds[0]) {
      const Totals predicted = evaluate(model, *m, hardware, engine);
      const double error = m->energy_j && *m->energy_j > 0 ? *m->energy_j / predicted.energy : *m->time_s / predicted.time;
      sum += std::min(std::abs(std::log(error)), 1.0);
    }
    if (sum < best) best = sum, chosen = norm;
  }
  return chosen;
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

PhysicsModel fit_physics(TrainingRows rows, const Hardware& hardware, const Engine& engine, const PhysicsFitOptions& options) {
  const double norm = choose_norm(rows, hardware, engine, options);
  PhysicsModel model = fit_with(rows, hardware, engine, norm, options.most_rows, options.iterations);
  if (options.calibration_folds > 1) calibrate(model, rows, hardware, engine, options);
  return model;
}

EnergyModel fit_energy_model(TrainingRows rows, const Hardware& hardware, std::string hardware_json, const Engine& engine,
                             std::string engine_json, std::string id, const PhysicsFitOptions& options) {
  if (rows.empty()) throw Error(ErrorKind::invalid_input, "cannot fit: no measurement was selected");
  EnergyModel m;
  m.id = std::move(id);
  m.hardware = hardware, m.hardware_json = std::move(hardware_json);
  m.engine = engine, m.engine_json = std::move(engine_json);
  const Measurement& first = *rows.front();
  for (const Measurement* row : rows)
    if (row->scope != first.scope || row->dtype != first.dtype || row->idle_included != first.idle_included)
      throw Error(ErrorKind::invalid_input, "cannot fit rows of different scope, data type or idle treatment together (" +
                                                first.scope + " and " + row->scope + "); select one of them");
  m.scope = first.scope;
  m.dtype = first.dtype;
  m.idle_included = first.idle_included;
  *m.physics = fit_physics(rows, hardware, engine, options);
  return m;
}

Method physics_method() {
  return {.name = "physics",
          .summary = "static power x time + energy per count, residuals in log space, conformal intervals (ours)",
          .has_intervals = true,
          .fit = [](TrainingRows rows, const Hardware& hardware, const Engine& engine) -> std::unique_ptr<Predictor> {
            return std::make_unique<PhysicsPredictor>(fit_physics(rows, hardware, engine), hardware, engine);
          }};
}

}  // namespace wattlayer
