#include "wattlayer/fit/physics_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/reduction.h"
#include "wattlayer/fit/repeats.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/fit/transfer.h"

namespace wattlayer {
namespace {

/// What is chosen on held-out blocks before the law is fitted.
struct LawForm {
  double norm = 1;
  bool curved_windows = false;
};

/// Sum of the errors of held-out rows under a law fitted on the rest; a factor of e at most each.
double held_out_error(TrainingRows rest, TrainingRows held_out, const Target& target, const LawForm& form, int iterations) {
  const PhysicsModel model = fit_law(rest, target, form.norm, rest.size(), iterations, nullptr, form.curved_windows);
  double sum = 0;
  for (const Measurement* m : held_out) {
    const auto predicted = price(model, *m, target.hardware, target.engine);
    const double error = has_measured_energy(*m) ? *m->energy_j / predicted.energy_j : *m->time_s / predicted.time_s;
    sum += std::min(std::abs(std::log(error)), 1.0);
  }
  return sum;
}

/// Networks enough, of blocks enough, to tell whether curvature of convolutions holds for others.
bool may_curve(TrainingRows rows) {
  constexpr size_t fewest_networks = 100, fewest_blocks = 10;
  size_t networks = 0;
  std::set<std::string> blocks;
  for (const Measurement* m : rows)
    if (m->workload.is_network) ++networks, blocks.insert(m->block);
  return networks >= fewest_networks && blocks.size() >= fewest_blocks;
}

/// The form that does best on a held-out third of the blocks.
LawForm choose_form(TrainingRows rows, const Target& target, const PhysicsFitOptions& options) {
  LawForm best{.norm = options.norms[0]};
  const bool curves = may_curve(rows);
  if (options.norms.size() == 1 && !curves) return best;
  const auto kept = thinned(rows, 1500);
  const auto folds = blocked_folds(kept, 3);
  if (folds.size() < 2) return best;
  const auto rest = outside_fold(folds, 0);
  if (rest.size() < 5) return best;
  const auto error_of = [&](const LawForm& form) { return held_out_error(rest, folds[0], target, form, options.iterations / 2); };
  double least = INFINITY;
  for (double norm : options.norms)
    if (const double error = error_of({norm}); error < least) least = error, best.norm = norm;
  if (curves && error_of({best.norm, true}) < least) best.curved_windows = true;
  return best;
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

/// One energy model for each data type of the training rows: they differ in what counts as in range.
class PhysicsPredictor : public Predictor {
 public:
  PhysicsPredictor(const PhysicsModel& model, TrainingRows rows, const Target& target) {
    for (const Measurement* row : rows) {
      EnergyModel& of_type = models_[row->dtype];
      if (!of_type.hardware.id.empty()) continue;
      *of_type.physics = model;
      of_type.hardware = target.hardware;
      of_type.engine = target.engine;
      of_type.dtype = row->dtype;
    }
  }
  std::optional<Interval> energy_j(const Workload& workload) const override {
    return wattlayer::predict(workload, models_.begin()->second).energy_j;
  }
  std::optional<Interval> time_s(const Workload& workload) const override {
    return wattlayer::predict(workload, models_.begin()->second).time_s;
  }
  std::optional<Prediction> predict(const Question& question) const override {
    const auto own = models_.find(question.dtype);
    const EnergyModel& model = own == models_.end() ? models_.begin()->second : own->second;
    return answer_of(wattlayer::predict(question.workload, model, operating_point(model.hardware, question.conditions)));
  }

 private:
  std::map<DataType, EnergyModel> models_;
};

PhysicsFit fit_own(TrainingRows all, const Target& target, const PhysicsFitOptions& options) {
  const AveragedRepeats configurations(all);
  const TrainingRows rows = configurations.rows();
  const bool measured = energy_was_measured(rows, options);
  const LawForm form = choose_form(rows, target, options);
  PhysicsFit fit{.model = fit_law(rows, target, form.norm, options.most_rows, options.iterations, nullptr, form.curved_windows)};
  if (!measured) state_power(fit.model, options.stated_power_w ? *options.stated_power_w : *stated_power(rows));
  fit.trees_lacked_library = wants_trees(fit.model, options.trees) && !BoostingLibrary::load(options.trees.library);
  if (fit.trees_lacked_library && options.remark)
    options.remark("there is no " + options.trees.library +
                   ", so large groups of layers get no boosted trees; install libxgboost0 for a closer fit");
  PlannedTrees planned = plan_trees(fit.model, rows, target, options.trees);
  fit.trees = std::move(planned.plan);
  add_trees(fit.model, rows, target, fit.trees, options.trees);
  // Networks are sums of layers, whose trees have to be fitted without what is held out.
  const bool refits_trees = std::any_of(rows.begin(), rows.end(), [](const Measurement* m) { return m->workload.is_network; });
  const auto refit = [&](TrainingRows rest) {
    PhysicsModel model =
        fit_law(rest, target, form.norm, options.most_rows / 2, options.iterations / 2, nullptr, form.curved_windows);
    if (refits_trees) add_trees(model, rest, target, fit.trees, options.trees);
    return model;
  };
  if (options.calibration_folds > 1)
    fit.held_out =
        calibrate(fit.model, thinned(rows, fit.trees.empty() ? options.most_rows / 2 : options.trees.most_rows), target.hardware,
                  target.engine, options.calibration_folds, refit, refits_trees ? TreeAnswers{} : planned.held_out);
  return fit;
}

}  // namespace

PhysicsFit fit_physics(TrainingRows rows, const Target& target, const PhysicsFitOptions& options) {
  std::vector<const Measurement*> own, others;
  for (const Measurement* m : rows) {
    const bool other = target.catalogue && (m->hardware != target.hardware.id || m->engine != target.engine.id);
    (other ? others : own).push_back(m);
  }
  if (options.prior) return fit_from_prior(own, target, *options.prior, options);
  if (others.empty()) return fit_own(own, target, options);
  if (target.learned) return fit_from_prior(own, target, *target.learned->of(others, target), options);
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
            return std::make_unique<PhysicsPredictor>(fit_physics(rows, target).model, rows, target);
          }};
}

}  // namespace wattlayer
