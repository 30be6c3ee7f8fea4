#include "wattlayer/predict/physics.h"

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

double apply(const Residual& residual, const std::array<double, residual_terms>& x, double fade) {
  double sum = residual.constant;
  for (size_t j = 0; j < residual_terms; ++j) sum += residual.weights[j] * x[j];
  return std::exp(sum * fade);
}

}  // namespace

double softmax_time(double compute, double memory, double norm) {
  if (norm == 1) return compute + memory;
  const double longer = std::max(compute, memory);
  return longer > 0 ? longer * std::pow(std::pow(compute / longer, norm) + std::pow(memory / longer, norm), 1 / norm) : 0;
}

const PhysicsGroup* PhysicsModel::find(const Group& group) const {
  const std::string_view family = wattlayer::name(group.family);
  for (const PhysicsGroup& g : groups)
    if (g.variant == group.variant && g.family == family) return &g;
  return nullptr;
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

PhysicsModel::Outcome PhysicsModel::layer(const Features& f) const {
  Outcome out;
  out.group = find(f.group);
  double compute = 0, memory = 0;
  for (size_t k = 1; k < count_kinds; ++k) {
    const double t = time_s[k] * (out.group ? out.group->time_factor[k] : 1) * f.counts[k];
    (is_compute(k) ? compute : memory) += t;
  }
  out.launch_s = time_s[0] * (out.group ? out.group->time_factor[0] : 1) * f.counts[0];
  const double work = softmax_time(compute, memory, norm_of(f.counts, norm));
  double above_static = 0;
  for (size_t k = 0; k < count_kinds; ++k) above_static += energy_j[k] * f.counts[k];

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
  out.energy_j = energy_factor * (static_w * out.time_s + above_static);
  return out;
}

PhysicsModel::Totals PhysicsModel::network(Totals t) const {
  t.time_s += pass_s;
  t.energy_j += static_w * pass_s;
  t.energy_j *= std::exp(correction + launch_correction * (t.time_s > 0 ? t.launch_s / t.time_s : 0));
  return t;
}

}  // namespace wattlayer
