#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

constexpr double tolerance = 0.1;           // outside the fitted range by less than 10 % still counts as inside
constexpr double unseen_group_width = 0.7;  // a factor of 2: the prior alone prices it
constexpr double width_per_distance = 0.5;  // half a log unit of doubt per log unit outside the fitted range
constexpr double largest_distance = 4;

struct Priced {
  PhysicsModel::Outcome outcome;
  Label label = Label::predicted;
  bool in_range = false;  // also where the label says modelled
  double doubt = 0;       // log units that its place outside the fitted range adds to the half width
  double macs = 0, parameters = 0;
};

bool shapes_known(const Layer& layer) {
  auto known = [](const Tensor& t) { return !t.present || t.known; };
  return std::all_of(layer.inputs.begin(), layer.inputs.end(), known) &&
         std::all_of(layer.outputs.begin(), layer.outputs.end(), known);
}

/// A data-dependent dimension stands at its upper bound somewhere in it.
bool has_bounded_shape(const Layer& layer) {
  auto bounded = [](const Tensor& t) { return t.present && t.bounded; };
  return std::any_of(layer.inputs.begin(), layer.inputs.end(), bounded) ||
         std::any_of(layer.outputs.begin(), layer.outputs.end(), bounded);
}

/// Arithmetic of another precision than the one that was measured; shapes and indices (integers in a float network) are not.
bool other_arithmetic(const Layer& layer, const EnergyModel& model) {
  return layer.dtype != model.dtype && bits(layer.dtype) <= 32 && is_float(layer.dtype);
}

Priced price(const Layer& layer, const EnergyModel& model, const OperatingPoint& point) {
  const Features f = features(layer, model.hardware, model.engine);
  Priced p;
  p.outcome = model.physics->layer(f, point);
  p.macs = f.macs;
  p.parameters = f.parameters;
  if (!f.known_operator) p.label = Label::bounded, p.doubt = unseen_group_width;
  else if (has_bounded_shape(layer)) p.label = Label::bounded;
  else if (!p.outcome.group || other_arithmetic(layer, model) || p.outcome.group->dtype != f.group.dtype)
    p.label = Label::extrapolated, p.doubt = unseen_group_width;
  else if (p.outcome.outside > tolerance || model.from_data_sheet) p.label = Label::extrapolated;
  p.in_range = p.label == Label::predicted;
  if (model.physics->stated_w && p.label != Label::bounded) p.label = Label::modelled;
  if (p.outcome.group) p.doubt += width_per_distance * std::min(p.outcome.outside, largest_distance);
  return p;
}

Interval around(double value, double half_width) { return {value, value * std::exp(-half_width), value * std::exp(half_width)}; }

/// Half widths in log space.
struct Widths {
  double energy, time, power;
};

Widths layer_widths(const Priced& p, const PhysicsModel& physics) {
  const Calibration& c = physics.layer_calibration;
  const double energy = p.outcome.group && p.outcome.group->half_width ? *p.outcome.group->half_width : c.energy;
  return {energy + p.doubt, c.time + p.doubt, physics.stated_w ? 0 : c.power + p.doubt / 2};
}

/// Adds an item that has no known shape: nothing can be said of its energy but that it is there.
void add_unpriced(Estimate& estimate, const std::string& op, double count, std::optional<double> bound,
                  const std::string& reason) {
  for (Unpriced& u : estimate.unpriced)
    if (u.op == op && u.reason == reason) {
      u.count += count;
      if (u.bound_j && bound) *u.bound_j += *bound;
      return;
    }
  estimate.unpriced.push_back({op, count, bound, reason});
}

void scale_layers(Estimate& estimate, double factor) {
  for (LayerEstimate& layer : estimate.layers) {
    Interval& joules = layer.energy_j;
    joules = {joules.value * factor, joules.low * factor, joules.high * factor};
  }
  for (Unpriced& u : estimate.unpriced)
    if (u.bound_j) *u.bound_j *= factor;
}

}  // namespace

std::string_view name(Label label) {
  static constexpr std::string_view names[] = {"predicted", "extrapolated", "bounded", "modelled"};
  return names[static_cast<size_t>(label)];
}

LayerPrediction predict(const Layer& layer, const EnergyModel& model) {
  const Priced p = price(layer, model, {});
  PhysicsModel::Totals totals;
  totals.add(p.outcome, 1);
  totals = model.physics->pass(totals, false);
  return {totals.energy_j, totals.time_s, p.label};
}

Estimate predict(const Workload& workload, const EnergyModel& model, const OperatingPoint& point) {
  const PhysicsModel& physics = *model.physics;
  Estimate e{.network = workload.name,
             .hardware = model.hardware.id,
             .engine = model.engine.id,
             .scope = model.scope,
             .energy_model = model.id,
             .dtype = model.dtype,
             .batch = workload.batch,
             .idle_included = model.idle_included,
             .stated_power_w = model.physics->stated_w};
  PhysicsModel::Totals totals;
  double in_range = 0, doubt = 0;
  Widths single{};
  for (size_t i = 0; i < workload.items.size(); ++i) {
    const WorkloadItem& item = workload.items[i];
    if (!shapes_known(item.layer)) {
      add_unpriced(e, item.layer.op, item.count, std::nullopt, "shape unknown");
      continue;
    }
    const Priced p = price(item.layer, model, point);
    const double joules = item.count * p.outcome.energy_j, seconds = item.count * p.outcome.time_s;
    if (p.label == Label::bounded && !find_operator(item.layer.op))
      add_unpriced(e, item.layer.op, item.count, joules, "operator not in the catalogue");
    single = layer_widths(p, physics);
    e.layers.push_back({i, around(joules, single.energy), around(seconds, single.time), item.count * p.macs, p.label});
    totals.add(p.outcome, item.count);
    in_range += p.in_range ? joules : 0;
    doubt += joules * p.doubt;
    e.macs += item.count * p.macs, e.parameters += item.count * p.parameters;
  }
  if (e.layers.empty())
    throw Error(ErrorKind::invalid_input,
                workload.name + (e.unpriced.empty()
                                     ? ": no layer costs anything; expected a network with operators"
                                     : ": no layer can be priced, the shape of " + e.unpriced.front().op +
                                           " is unknown; give input shapes with --input, or outputs after `->` in a list"));
  e.coverage = totals.energy_j > 0 ? in_range / totals.energy_j : 0;
  Widths widths = single;
  if (workload.is_network || workload.items.size() != 1) {
    const Calibration& own = physics.network_calibration;
    const Calibration& c = own.rows >= 20 ? own : physics.layer_calibration;
    const double extra = totals.energy_j > 0 ? doubt / totals.energy_j : 0;
    widths = {c.energy + extra, c.time + extra, physics.stated_w ? 0 : c.power + extra / 2};
    if (own.rows < 20) e.interval_note = "uncalibrated";
    else if (own.blocks < 10) e.interval_note = "few blocks";
  }
  if (model.from_data_sheet) e.interval_note = "data sheet only";
  // What has no known shape is in no total, so no total can be bounded from above.
  if (std::any_of(e.unpriced.begin(), e.unpriced.end(), [](const Unpriced& u) { return !u.bound_j; }))
    e.interval_note = "incomplete";
  const double layers_j = totals.energy_j;
  totals = physics.pass(totals, workload.is_network, point);
  // What holds for the pass holds for each layer in it: layers and what lies between them add up to the total.
  if (layers_j > 0) scale_layers(e, (totals.energy_j - totals.between_j) / layers_j);
  e.energy_j = around(totals.energy_j, widths.energy);
  e.time_s = around(totals.time_s, widths.time);
  e.power_w = around(totals.time_s > 0 ? totals.energy_j / totals.time_s : 0, widths.power);
  return e;
}

}  // namespace wattlayer
