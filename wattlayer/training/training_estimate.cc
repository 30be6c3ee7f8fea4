#include "wattlayer/training/training_estimate.h"

#include <algorithm>
#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

/// How often a layer runs in each phase, by the names of its nodes.
std::array<double, 3> shares_of(const WorkloadItem& item) {
  std::array<double, 3> shares{};
  for (const std::string& node : item.names) shares[static_cast<size_t>(phase_of(node))] += 1;
  for (double& share : shares) share /= std::max<double>(1, static_cast<double>(item.names.size()));
  return shares;
}

void add(TrainingShare& sum, const LayerEstimate& layer, double count, double share) {
  sum.count += share * count, sum.macs += share * layer.macs;
  sum.energy_j += share * layer.energy_j.value, sum.time_s += share * layer.time_s.value;
  if (layer.label == Label::predicted) sum.predicted_j += share * layer.energy_j.value;
}

/// Sums by phase and by operator; what the layers leave of the total lies between them.
void divide(TrainingEstimate& e, const Workload& step) {
  std::map<std::string, TrainingShare> operators;
  for (size_t p = 0; p < e.phases.size(); ++p) e.phases[p].name = name(static_cast<Phase>(p));
  e.between = {.name = "between layers", .energy_j = e.step.energy_j.value, .time_s = e.step.time_s.value};
  for (const LayerEstimate& layer : e.step.layers) {
    const WorkloadItem& item = step.items[layer.item];
    const std::array<double, 3> shares = shares_of(item);
    for (size_t p = 0; p < shares.size(); ++p) add(e.phases[p], layer, item.count, shares[p]);
    add(operators[item.layer.op], layer, item.count, 1);
    e.between.energy_j -= layer.energy_j.value, e.between.time_s -= layer.time_s.value;
  }
  for (auto& [op, share] : operators) {
    share.name = op;
    e.operators.push_back(std::move(share));
  }
  std::stable_sort(e.operators.begin(), e.operators.end(),
                   [](const TrainingShare& a, const TrainingShare& b) { return a.energy_j > b.energy_j; });
}

/// Errors of the same energy model go the same way, so bounds add up.
void add(Interval& sum, const Interval& part, double times) {
  sum.value += times * part.value, sum.low += times * part.low, sum.high += times * part.high;
}

Interval scaled(const Interval& part, double times) { return {part.value * times, part.low * times, part.high * times}; }

}  // namespace

TrainingEstimate estimate_training(const TrainingWorkloads& workloads, const TrainingPlan& plan, const EnergyModel& model,
                                   const OperatingPoint& point) {
  if (!(plan.samples > 0) || !(plan.epochs > 0) || plan.validation_samples < 0)
    throw Error(ErrorKind::invalid_input, "expected samples and epochs above 0 and validation samples of 0 or more");
  TrainingEstimate e;
  const double batch = static_cast<double>(std::max<int64_t>(workloads.step.batch, 1));
  e.steps = plan.samples / batch, e.validation_passes = plan.validation_samples / batch;
  e.step = predict(workloads.step, model, point);
  divide(e, workloads.step);
  add(e.epoch_j, e.step.energy_j, e.steps), add(e.epoch_s, e.step.time_s, e.steps);
  double covered = e.steps * e.step.energy_j.value * e.step.coverage;
  if (e.validation_passes > 0) {
    e.validation = predict(workloads.validation, model, point);
    add(e.epoch_j, e.validation.energy_j, e.validation_passes), add(e.epoch_s, e.validation.time_s, e.validation_passes);
    covered += e.validation_passes * e.validation.energy_j.value * e.validation.coverage;
  }
  e.coverage = e.epoch_j.value > 0 ? covered / e.epoch_j.value : 0;
  e.run_j = scaled(e.epoch_j, plan.epochs), e.run_s = scaled(e.epoch_s, plan.epochs);
  return e;
}

}  // namespace wattlayer
