#include "wattlayer/pages/layer_work.h"

#include "wattlayer/core/error.h"
#include "wattlayer/features/features.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// The terms of the law that PhysicsModel::layer sums.
void add_terms(LayerWork& work, const Features& f, const PhysicsModel& physics, const OperatingPoint& point, double time_s) {
  work.static_j = physics.static_w * point.idle * time_s;
  work.launch_j = physics.energy_j[0] * f.counts[0] * point.dynamic;
  for (size_t k = 1; k < count_kinds; ++k) {
    const double joules = physics.energy_j[k] * f.counts[k];
    if (is_compute(k)) work.arithmetic_j += joules * point.dynamic;
    else work.memory_j += joules;
  }
}

}  // namespace

std::optional<LayerWork> layer_work(std::string_view text, const PagedModel& basis) try {
  const EnergyModel& model = *basis.model;
  const Features f = features(parse_layer(text), model.hardware, model.engine);
  if (!f.known_operator) return std::nullopt;
  const PhysicsModel::Outcome outcome = model.physics->layer(f, basis.point);
  PhysicsModel::Totals alone;
  alone.add(outcome, 1);
  LayerWork work;
  work.product_flops = 2 * f.sizes.macs;
  work.flops = work.product_flops + f.sizes.flops + f.count(Count::special);
  work.bytes = f.sizes.input_bytes + f.sizes.weight_bytes + f.sizes.output_bytes;
  work.arithmetic = f.group.dtype;
  work.regime = model.physics->regime(alone);
  add_terms(work, f, *model.physics, basis.point, outcome.time_s);
  return work;
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace wattlayer
