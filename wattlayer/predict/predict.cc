#include <algorithm>
#include <cmath>
#include <deque>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/predict/price_list.h"

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

bool other_clock(const PhysicsModel& physics, const OperatingPoint& point) {
  constexpr double near = 1.05;
  return point.clock < physics.clock_low / near || point.clock > physics.clock_high * near;
}

Priced price(const Layer& layer, const EnergyModel& model, const OperatingPoint& point) {
  const Features f = features(layer, model.hardware, model.engine);
  Priced p;
  p.outcome = model.physics->layer(f, point);
  p.macs = f.macs;
  p.parameters = f.parameters;
  if (!f.known_operator) p.label = Label::bounded, p.doubt = unseen_group_width;
  else if (has_bounded_shape(layer)) p.label = Label::bounded;
  else if (!p.outcome.group || p.outcome.borrowed || p.outcome.group->dtype != f.group.dtype)
    p.label = Label::extrapolated, p.doubt = unseen_group_width;
  else if (p.outcome.outside > tolerance || model.from_data_sheet || other_clock(*model.physics, point))
    p.label = Label::extrapolated;
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
  PhysicsModel::Totals alone;
  alone.add(p.outcome, 1);
  const Regime regime = physics.regime(alone);
  const LogWidths& c = physics.layer_calibration.in(regime);
  const PhysicsGroup* group = p.outcome.group;
  const auto in_regime = group ? group->half_width_in[static_cast<size_t>(regime)] : std::nullopt;
  const double energy = in_regime ? *in_regime : group && group->half_width ? *group->half_width : c.energy;
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

/// A layer, and what can be said of one execution.
struct PricedLayer {
  std::string op;
  bool shapes_known = true, in_catalogue = true;
  Priced price = {};
};

PricedLayer priced_layer(const Layer& layer, const EnergyModel& model, const OperatingPoint& point) {
  PricedLayer l{.op = layer.op, .shapes_known = shapes_known(layer), .in_catalogue = find_operator(layer.op) != nullptr};
  if (l.shapes_known) l.price = price(layer, model, point);
  return l;
}

/// Adds layers up to an estimate.
class Sum {
 public:
  Sum(const EnergyModel& model, const OperatingPoint& point) : model_(model), physics_(*model.physics), point_(point) {}

  void start(std::string network, int64_t batch) {
    e_ = {.network = std::move(network),
          .hardware = model_.hardware.id,
          .engine = model_.engine.id,
          .scope = model_.scope,
          .energy_model = model_.id,
          .dtype = model_.dtype,
          .batch = batch,
          .idle_included = model_.idle_included,
          .stated_power_w = physics_.stated_w};
  }

  /// `line`: index of the item that the estimate holds a line for.
  void add(const PricedLayer& layer, double count, std::optional<size_t> line) {
    if (!layer.shapes_known) return add_unpriced(e_, layer.op, count, std::nullopt, "shape unknown");
    const Priced& p = layer.price;
    const double joules = count * p.outcome.energy_j, seconds = count * p.outcome.time_s;
    if (p.label == Label::bounded && !layer.in_catalogue)
      add_unpriced(e_, layer.op, count, joules, "operator not in the catalogue");
    ++priced_;
    single_ = layer_widths(p, physics_);
    if (line)
      e_.layers.push_back({*line, around(joules, single_.energy), around(seconds, single_.time), count * p.macs, p.label});
    totals_.add(p.outcome, count);
    in_range_ += p.in_range ? joules : 0;
    doubt_ += joules * p.doubt;
    e_.macs += count * p.macs, e_.parameters += count * p.parameters;
  }

  Estimate finish(bool is_network, bool several) {
    require_some();
    e_.coverage = totals_.energy_j > 0 ? in_range_ / totals_.energy_j : 0;
    const Widths widths = several ? widths_of_network() : single_;
    if (model_.from_data_sheet) e_.interval_note = "data sheet only";
    // What has no known shape is in no total, so no total can be bounded from above.
    if (std::any_of(e_.unpriced.begin(), e_.unpriced.end(), [](const Unpriced& u) { return !u.bound_j; }))
      e_.interval_note = "incomplete";
    const double layers_j = totals_.energy_j;
    const PhysicsModel::Totals pass = physics_.pass(totals_, is_network, point_);
    // What holds for the pass holds for each layer in it: layers and what lies between them add up to the total.
    if (layers_j > 0) scale_layers(e_, (pass.energy_j - pass.between_j) / layers_j);
    e_.energy_j = around(pass.energy_j, widths.energy);
    e_.time_s = around(pass.time_s, widths.time);
    e_.power_w = around(pass.time_s > 0 ? pass.energy_j / pass.time_s : 0, widths.power);
    return std::move(e_);
  }

 private:
  void require_some() const {
    if (priced_ > 0) return;
    throw Error(
        ErrorKind::invalid_input,
        e_.network + (e_.unpriced.empty() ? ": no layer costs anything; expected a network with operators"
                                          : ": no layer can be priced, the shape of " + e_.unpriced.front().op +
                                                " is unknown; give input shapes with --input, or outputs after `->` in a list"));
  }

  Widths widths_of_network() {
    const Calibration& own = physics_.network_calibration;
    const LogWidths& c = (own.rows >= 20 ? own : physics_.layer_calibration).in(physics_.regime(totals_));
    const double extra = totals_.energy_j > 0 ? doubt_ / totals_.energy_j : 0;
    if (own.rows < 20) e_.interval_note = "uncalibrated";
    else if (own.blocks < 10) e_.interval_note = "few blocks";
    return {c.energy + extra, c.time + extra, physics_.stated_w ? 0 : c.power + extra / 2};
  }

  const EnergyModel& model_;
  const PhysicsModel& physics_;
  const OperatingPoint& point_;
  Estimate e_;
  PhysicsModel::Totals totals_;
  double in_range_ = 0, doubt_ = 0;
  size_t priced_ = 0;
  Widths single_{};
};

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
  Sum sum(model, point);
  sum.start(workload.name, workload.batch);
  for (size_t i = 0; i < workload.items.size(); ++i) {
    const WorkloadItem& item = workload.items[i];
    sum.add(priced_layer(item.layer, model, point), item.count, i);
  }
  return sum.finish(workload.is_network, workload.is_network || workload.items.size() != 1);
}

struct PriceList::Prices {
  const EnergyModel& model;
  OperatingPoint point;
  std::deque<PricedLayer> layers;
};

PriceList::PriceList(const EnergyModel& model, const OperatingPoint& point)
    : prices_(std::make_unique<Prices>(Prices{model, point, {}})) {}
PriceList::PriceList(PriceList&&) noexcept = default;
PriceList::~PriceList() = default;

size_t PriceList::add(const Layer& layer) {
  prices_->layers.push_back(priced_layer(layer, prices_->model, prices_->point));
  return prices_->layers.size() - 1;
}

size_t PriceList::size() const { return prices_->layers.size(); }

Estimate PriceList::total(std::span<const Item> items, std::string network, int64_t batch) const {
  Sum sum(prices_->model, prices_->point);
  sum.start(std::move(network), batch);
  for (const Item& item : items) sum.add(prices_->layers[item.layer], item.count, std::nullopt);
  return sum.finish(true, true);
}

}  // namespace wattlayer
