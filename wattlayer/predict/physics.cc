#include "wattlayer/predict/physics.h"

#include <algorithm>
#include <cmath>

#include "wattlayer/predict/tree_inputs.h"

namespace wattlayer {
namespace {

constexpr double limit_norm = 8, limit_norm_of_trees = 64;  // trees were fitted to layers as they ran under the limit

double apply(const Residual& residual, const std::array<double, residual_terms>& x, double fade) {
  double sum = residual.constant;
  for (size_t j = 0; j < residual_terms; ++j) sum += residual.weights[j] * x[j];
  return std::exp(sum * fade);
}

/// Trees are constant beyond the layers they were fitted to, and fade there.
void add_trees(const ResidualTrees& trees, const Features& f, PhysicsModel::Outcome& out) {
  const TreeInputs inputs = tree_inputs(f, out.time_s, out.time_s > 0 ? out.energy_j / out.time_s : 0);
  const double fade = 1 / (1 + out.outside);
  const double time = trees.time.empty() ? 0 : fade * trees.time(inputs);
  const double power = trees.power.empty() ? 0 : fade * trees.power(inputs);
  out.correct(time, power);
}

}  // namespace

double softmax_time(double compute, double memory, double norm) {
  if (norm == 1) return compute + memory;
  const double longer = std::max(compute, memory);
  return longer > 0 ? longer * std::pow(std::pow(compute / longer, norm) + std::pow(memory / longer, norm), 1 / norm) : 0;
}

void PhysicsModel::Outcome::correct(double log_time, double log_power) {
  for (double* part : {&time_s, &launch_s, &compute_s, &memory_s}) *part *= std::exp(log_time);
  energy_j *= std::exp(log_time + log_power);
  by_trees = true;
}

const PhysicsGroup* PhysicsModel::find(const Group& group) const {
  const std::string_view family = wattlayer::name(group.family);
  const PhysicsGroup* other_type = nullptr;
  for (const PhysicsGroup& g : groups)
    if (g.variant == group.variant && g.family == family) {
      if (g.dtype == group.dtype) return &g;
      other_type = &g;
    }
  if (other_type || !group.borrows) return other_type;
  return find({group.family, group.lender, group.dtype});
}

double residual_at(const PhysicsGroup& group, const std::array<double, coordinate_kinds>& coordinates,
                   std::array<double, residual_terms>& terms) {
  double outside = 0;
  for (size_t j = 0; j < coordinate_kinds; ++j) {
    const double clipped = std::clamp(coordinates[j], group.low[j], group.high[j]);
    outside = std::max(outside, std::abs(coordinates[j] - clipped));
    const double z = group.spread[j] > 0 ? (clipped - group.mean[j]) / group.spread[j] : 0;
    terms[j] = z;
    terms[coordinate_kinds + j] = group.spread[j] > 0 ? z * z - 1 : 0;
  }
  return outside;
}

PhysicsModel::Outcome PhysicsModel::layer(const Features& f, const OperatingPoint& point) const {
  Outcome out{.launches = f.counts[0]};
  out.group = find(f.group);
  out.borrowed = out.group && f.group.borrows && out.group->variant != f.group.variant;
  double compute = 0, memory = 0, above_static = energy_j[0] * f.counts[0] * point.dynamic;
  for (size_t k = 1; k < count_kinds; ++k) {
    const double t = time_s[k] * (out.group ? out.group->time_factor[k] : 1) * f.counts[k];
    if (is_compute(k)) compute += t / point.clock;
    else memory += t;
    above_static += energy_j[k] * f.counts[k] * (is_compute(k) ? point.dynamic : 1);
  }
  out.launch_s = time_s[0] * (out.group ? out.group->time_factor[0] : 1) * f.counts[0] / point.clock;
  const double work = softmax_time(compute, memory, norm_of(f.counts, norm));

  double time_factor = 1, energy_factor = 1;
  if (out.group) {
    std::array<double, residual_terms> x;
    out.outside = residual_at(*out.group, f.coordinates, x);
    const double fade = 1 / (1 + out.outside);
    time_factor = apply(out.group->time, x, fade);
    energy_factor = apply(out.group->energy, x, fade);
  }
  out.launch_s *= time_factor;
  out.time_s = time_factor * work + out.launch_s;
  out.compute_s = time_factor * compute, out.memory_s = time_factor * memory;
  out.energy_j = energy_factor * (static_w * point.idle * out.time_s + above_static);
  if (out.group && out.group->trees && out.group->dtype == f.group.dtype) add_trees(*out.group->trees, f, out);
  return out;
}

std::string_view name(Regime regime) {
  static constexpr std::string_view names[] = {"launch", "memory", "compute"};
  return names[static_cast<size_t>(regime)];
}

Regime PhysicsModel::regime(const Totals& layers) const {
  const double waiting = std::max(0.0, host_s * layers.launches - layers.time_s);
  if (layers.launch_s + waiting >= std::max(layers.memory_s, layers.compute_s)) return Regime::launch;
  return layers.memory_s >= layers.compute_s ? Regime::memory : Regime::compute;
}

PhysicsModel::Totals PhysicsModel::pass(const Totals& layers, bool is_network, const OperatingPoint& point) const {
  const double by_trees = layers.time_s > 0 ? layers.by_trees_s / layers.time_s : 0;
  const auto totals = pass_law(PassTerms<double>{.device_s = layers.time_s,
                                                 .energy_j = layers.energy_j,
                                                 .launch_s = layers.launch_s,
                                                 .host_s = host_s * layers.launches,
                                                 .pass_s = pass_s,
                                                 .static_w = static_w * point.idle,
                                                 .correction = correction,
                                                 .launch_correction = launch_correction,
                                                 .is_network = is_network,
                                                 .power_limit_w = point.power_limit_w ? point.power_limit_w : power_limit_w,
                                                 .limit_norm = limit_norm + (limit_norm_of_trees - limit_norm) * by_trees});
  Totals out = layers;
  out.time_s = totals.time_s, out.energy_j = totals.energy_j;
  const double between_s =
      softened_longer(layers.time_s, host_s * layers.launches, 4) - layers.time_s + (is_network ? pass_s : 0);
  const double between_j = static_w * point.idle * between_s;
  out.between_j = between_j > 0 ? totals.energy_j * between_j / (between_j + layers.energy_j) : 0;
  return out;
}

}  // namespace wattlayer
