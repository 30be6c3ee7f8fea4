#include "wattlayer/fit/physics_problem.h"

#include <ceres/jet.h>

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

constexpr double error_scale = robust_error_scale;
constexpr double residual_spread = 0.1;  // of a residual weight on a standardised coordinate
constexpr double curvature_spread = 0.05;
constexpr double size_spread = 0.03;  // the same on the size itself: work grows with it, efficiency hardly

/// How far devices differ in what their data sheets do not say (log units), until several devices tell.
double between_devices(size_t parameter) {
  if (parameter < count_kinds) return 0.3;
  if (parameter < 2 * count_kinds) return 0.4;
  return parameter >= 2 * count_kinds + 3 ? 0.05 : 0.4;
}
constexpr double devices_that_prior_counts_for = 3;

/// How far a group may stand from the shared seconds per count (log units): bandwidth and launches belong to the machine,
/// arithmetic efficiency to the kernel; kernels of matrix products pack their operands first, those of windows are often scalar.
double factor_spread(size_t k, bool product, bool window) {
  switch (static_cast<Count>(k)) {
    case Count::macs:
    case Count::tensor_macs:
    case Count::window_bytes:
    case Count::window_rows:
    case Count::windows:
    case Count::fresh_bytes:
      return 1.0;
    case Count::flops:
    case Count::special:
      return window ? 1.5 : 0.5;
    case Count::launch:
      return 0.7;
    default:
      return product || window ? 1.0 : 0.2;
  }
}

/// Spread of the weight of residual term j; 0: none. What is not a matrix product takes time in proportion to its size; the
/// sizes of a convolution depend on each other, so curvature fitted on some need not hold for others (`curved_windows`).
double weight_spread(size_t j, bool product, bool window, bool curved_windows) {
  if (j % coordinate_kinds == static_cast<size_t>(Coordinate::m) && !product) return 0;
  if (j >= coordinate_kinds) return product && window && !curved_windows ? 0 : curvature_spread;
  return j == static_cast<size_t>(Coordinate::m) ? size_spread : residual_spread;
}

/// A coordinate without spread in a group has nothing to be fitted on.
bool varies(const PhysicsGroup& g, size_t j) { return g.spread[j] > 0; }

constexpr double share_of_a_known_group = 0.3;

const PhysicsGroup* find_group(const std::vector<PhysicsGroup>& groups, const PhysicsGroup& wanted) {
  for (const PhysicsGroup& g : groups)
    if (g.family == wanted.family && g.variant == wanted.variant && g.dtype == wanted.dtype) return &g;
  return nullptr;
}

/// Pseudo-Huber: quadratic for small errors, linear for large ones. Returns the residual, sets its derivative.
double robust(double error, double& derivative) {
  const double z = error / error_scale;
  const double root = std::sqrt(1 + z * z);
  const double half = std::sqrt(2 * (root - 1));
  derivative = (half > 1e-9 ? std::abs(z) / (root * half) : 1) / error_scale;
  return z < 0 ? -half : half;
}

}  // namespace

PhysicsParameters::PhysicsParameters(const std::vector<FitRow>& rows, const std::vector<PhysicsGroup>& groups,
                                     const std::vector<FitDevice>& devices, const DevicePrior* known, bool curved_windows)
    : devices_(devices), curved_windows_(curved_windows) {
  add_devices(known);
  std::vector<std::array<bool, count_kinds>> active(groups.size(), std::array<bool, count_kinds>{});
  for (const FitRow& row : rows)
    for (const Term& term : row.terms)
      for (size_t k = 0; k < count_kinds; ++k)
        if (term.counts[k] > 0) active[term.group][k] = true;
  for (size_t g = 0; g < groups.size(); ++g) {
    const PhysicsGroup* same = known ? find_group(known->groups, groups[g]) : nullptr;
    if (same) active[g].fill(true);
    add_group(groups[g], active[g], same);
  }
}

void PhysicsParameters::add_devices(const DevicePrior* known) {
  const bool shared = devices_.size() > 1;
  std::array<size_t, device_parameters> common;
  common.fill(none);
  if (shared) {
    const auto widest = data_sheet_priors(*devices_[0].hardware, devices_[0].asynchronous);
    for (size_t j = 0; j < device_parameters; ++j) common[j] = add({0, widest[j].spread});
  }
  first_ = priors_.size();
  for (const FitDevice& device : devices_) {
    const auto own = data_sheet_priors(*device.hardware, device.asynchronous);
    for (size_t j = 0; j < device_parameters; ++j) {
      Prior prior{own[j].mean, own[j].spread};
      const bool stated = is_stated(j, *device.hardware);
      if (known && !stated) prior = {own[j].mean + known->shift[j], known->spread[j]};
      if (shared && !stated) prior = {own[j].mean, std::min(between_devices(j), own[j].spread), common[j]};
      add(prior);
    }
  }
}

void PhysicsParameters::add_group(const PhysicsGroup& group, const std::array<bool, count_kinds>& active,
                                  const PhysicsGroup* known) {
  // What other devices have taught of a group holds here too, nearly.
  const double share = known ? share_of_a_known_group : 1;
  GroupPlaces places;
  const bool product = active[static_cast<size_t>(Count::macs)] || active[static_cast<size_t>(Count::tensor_macs)];
  const bool window = group.spread[static_cast<size_t>(Coordinate::kernel)] > 0;
  for (size_t k = 0; k < count_kinds; ++k)
    places.factor[k] =
        active[k] ? add({known ? std::log(known->time_factor[k]) : 0, share * factor_spread(k, product, window)}) : none;
  const auto add_residual = [&](const Residual* from, std::array<size_t, residual_terms + 1>& at) {
    at[0] = add({from ? from->constant : 0, share * residual_spread});
    for (size_t j = 0; j < residual_terms; ++j) {
      const double spread = varies(group, j % coordinate_kinds) ? weight_spread(j, product, window, curved_windows_) : 0;
      at[j + 1] = spread > 0 ? add({from ? from->weights[j] : 0, share * spread}) : none;
    }
  };
  add_residual(known ? &known->time : nullptr, places.time);
  add_residual(known ? &known->energy : nullptr, places.energy);
  groups_.push_back(places);
}

std::vector<double> PhysicsParameters::start() const {
  std::vector<double> x;
  for (const Prior& p : priors_) x.push_back(p.mean);  // what links add starts at zero
  return x;
}

PhysicsModel PhysicsParameters::model(const double* x, const std::vector<PhysicsGroup>& groups, double norm, size_t d) const {
  const std::span<const double, device_parameters> own(x + time(0, d), device_parameters);
  PhysicsModel m = device_model(own, groups, norm, *devices_[d].hardware, devices_[d].asynchronous);
  m.power_limit_w = devices_[d].power_limit_w;
  for (size_t g = 0; g < groups.size(); ++g) {
    const GroupPlaces& p = groups_[g];
    for (size_t k = 0; k < count_kinds; ++k) m.groups[g].time_factor[k] = p.factor[k] == none ? 1 : std::exp(x[p.factor[k]]);
    auto residual = [&](const std::array<size_t, residual_terms + 1>& places) {
      Residual r{.constant = x[places[0]]};
      for (size_t j = 0; j < residual_terms; ++j) r.weights[j] = places[j + 1] == none ? 0 : x[places[j + 1]];
      return r;
    };
    m.groups[g].time = residual(p.time);
    m.groups[g].energy = residual(p.energy);
  }
  return m;
}

DevicePrior PhysicsParameters::prior(const double* x, const std::vector<PhysicsGroup>& groups, double norm) const {
  DevicePrior prior{.norm = norm};
  const double n = static_cast<double>(devices_.size());
  for (size_t j = 0; j < device_parameters; ++j) {
    double deviations = 0;
    for (size_t d = 0; d < devices_.size(); ++d) {
      const size_t place = first_ + d * device_parameters + j;
      const double linked = priors_[place].link == none ? 0 : x[priors_[place].link];
      deviations += std::pow(x[place] - priors_[place].mean - linked, 2);
    }
    prior.shift[j] = first_ > 0 ? x[j] : 0;
    const double expected = std::pow(between_devices(j), 2);
    prior.spread[j] = std::sqrt((deviations + devices_that_prior_counts_for * expected) / (n + devices_that_prior_counts_for));
  }
  prior.groups = model(x, groups, norm).groups;
  return prior;
}

/// A parameter vector and the exponentials of its elements, most of which are logarithms.
struct PhysicsProblem::Point {
  const double* x;
  std::vector<double> exps;

  Point(const double* x, size_t n) : x(x), exps(n) {
    for (size_t j = 0; j < n; ++j) exps[j] = std::exp(x[j]);
  }
};

/// Energy, time and launch time of a row so far, with their derivatives.
struct PhysicsProblem::Gradient {
  double energy = 0, time = 0, launch = 0, launches = 0;
  std::vector<double> d_energy, d_time, d_launch;
  std::vector<size_t> touched;  // places that are not zero
  std::vector<char> is_touched;

  explicit Gradient(size_t n) : d_energy(n), d_time(n), d_launch(n), is_touched(n) {}
  void touch(size_t place) {
    if (!is_touched[place]) is_touched[place] = 1, touched.push_back(place);
  }
  void add(size_t place, double by_energy, double by_time, double by_launch = 0) {
    touch(place);
    d_energy[place] += by_energy;
    d_time[place] += by_time;
    d_launch[place] += by_launch;
  }
  void clear() {
    energy = time = launch = launches = 0;
    for (size_t place : touched) d_energy[place] = d_time[place] = d_launch[place] = 0, is_touched[place] = 0;
    touched.clear();
  }
};

void PhysicsProblem::add_term(const FitRow& row, const Term& term, const Point& at, Gradient& out) const {
  const auto& places = places_.group(term.group);
  const size_t device = row.device;
  std::array<double, count_kinds> part{}, joules{};
  double compute = 0, memory = 0, above_static = 0;
  for (size_t k = 0; k < count_kinds; ++k) {
    if (term.counts[k] <= 0) continue;
    const double clock = follows_clock(k) ? row.point.clock : 1;
    part[k] = at.exps[places_.time(k, device)] * at.exps[places.factor[k]] * term.counts[k] / clock;
    if (k > 0) (is_compute(k) ? compute : memory) += part[k];
    joules[k] = at.exps[places_.energy(k, device)] * term.counts[k] * (follows_clock(k) ? row.point.dynamic : 1);
    above_static += joules[k];
  }
  const double norm = norm_of(term.counts, norm_);
  const double work = softmax_time(compute, memory, norm);
  auto residual = [&](const std::array<size_t, residual_terms + 1>& of) {
    double r = at.x[of[0]];
    for (size_t j = 0; j < residual_terms; ++j)
      if (of[j + 1] != PhysicsParameters::none) r += at.x[of[j + 1]] * term.residual[j];
    return std::exp(r);
  };
  const double time_factor = residual(places.time), energy_factor = residual(places.energy);
  const double static_w = at.exps[places_.static_power(device)] * row.point.idle;
  const double time = time_factor * (work + part[0]), launch = time_factor * part[0];
  const double energy = energy_factor * (static_w * time + above_static);
  out.time += term.count * time;
  out.energy += term.count * energy;
  out.launch += term.count * launch;
  out.launches += term.count * term.counts[0];

  const double watts = energy_factor * static_w;  // d energy / d time
  auto add_time = [&](size_t place, double d, double d_launch) {
    out.add(place, term.count * watts * d, term.count * d, term.count * d_launch);
  };
  const double compute_slope = norm == 1 || work <= 0 ? 1 : std::pow(compute / work, norm - 1);
  const double memory_slope = norm == 1 || work <= 0 ? 1 : std::pow(memory / work, norm - 1);
  for (size_t k = 0; k < count_kinds; ++k) {
    if (term.counts[k] <= 0) continue;
    const double d = time_factor * part[k] * (k == 0 ? 1 : is_compute(k) ? compute_slope : memory_slope);
    add_time(places_.time(k, device), d, k == 0 ? d : 0);
    add_time(places.factor[k], d, k == 0 ? d : 0);
    out.add(places_.energy(k, device), term.count * energy_factor * joules[k], 0);
  }
  out.add(places_.static_power(device), term.count * watts * time, 0);
  for (size_t j = 0; j <= residual_terms; ++j) {
    const double z = j == 0 ? 1 : term.residual[j - 1];
    if (places.time[j] != PhysicsParameters::none) add_time(places.time[j], time * z, launch * z);
    if (places.energy[j] != PhysicsParameters::none) out.add(places.energy[j], term.count * energy * z, 0);
  }
}

/// From sums over layers to energy and time of the pass, derivatives included.
void PhysicsProblem::finish_row(const FitRow& row, const Point& at, Gradient& g) const {
  enum Input { energy, device, launch, host, pass, static_w, correction, launch_correction, inputs };
  using Number = ceres::Jet<double, inputs>;
  const size_t d = row.device;
  const FitDevice& on = places_.devices()[d];
  const double host_s = on.asynchronous ? at.exps[places_.host(d)] * g.launches : 0;
  const double pass_s = at.exps[places_.pass(d)], watts = at.exps[places_.static_power(d)] * row.point.idle;
  const auto totals =
      pass_law(PassTerms<Number>{.device_s = Number(g.time, device),
                                 .energy_j = Number(g.energy, energy),
                                 .launch_s = Number(g.launch, launch),
                                 .host_s = Number(host_s, host),
                                 .pass_s = Number(pass_s, pass),
                                 .static_w = Number(watts, static_w),
                                 .correction = Number(at.x[places_.correction(d)], correction),
                                 .launch_correction = Number(at.x[places_.launch_correction(d)], launch_correction),
                                 .is_network = row.is_network,
                                 .power_limit_w = row.point.power_limit_w ? row.point.power_limit_w : on.power_limit_w});
  const auto& by_e = totals.energy_j.v;
  const auto& by_t = totals.time_s.v;
  for (size_t place : g.touched) {
    const double e = g.d_energy[place], t = g.d_time[place], l = g.d_launch[place];
    g.d_energy[place] = by_e[energy] * e + by_e[device] * t + by_e[launch] * l;
    g.d_time[place] = by_t[energy] * e + by_t[device] * t + by_t[launch] * l;
  }
  const auto add = [&](size_t place, Input input, double slope) { g.add(place, by_e[input] * slope, by_t[input] * slope); };
  add(places_.static_power(d), static_w, watts);
  if (on.asynchronous) add(places_.host(d), host, host_s);
  if (row.is_network) {
    add(places_.pass(d), pass, pass_s);
    add(places_.correction(d), correction, 1);
    add(places_.launch_correction(d), launch_correction, 1);
  }
  g.energy = totals.energy_j.a;
  g.time = totals.time_s.a;
}

void PhysicsProblem::evaluate(const double* x, double* residuals, double* jacobian) const {
  const size_t n = this->residuals(), size = places_.size();
  if (jacobian) std::fill(jacobian, jacobian + n * size, 0.0);
  const Point at(x, size);
  Gradient g(size);
  for (size_t i = 0; i < rows_.size(); ++i) {
    const FitRow& row = rows_[i];
    g.clear();
    for (const Term& term : row.terms) add_term(row, term, at, g);
    finish_row(row, at, g);
    double slope_e = 0, slope_t = 0;
    residuals[2 * i] = row.has_energy ? robust(std::log(g.energy) - row.log_energy, slope_e) : 0;
    residuals[2 * i + 1] = row.has_time ? robust(std::log(g.time) - row.log_time, slope_t) : 0;
    if (!jacobian) continue;
    for (size_t place : g.touched) {
      jacobian[place * n + 2 * i] = slope_e * g.d_energy[place] / g.energy;
      jacobian[place * n + 2 * i + 1] = slope_t * g.d_time[place] / g.time;
    }
  }
  for (size_t j = 0; j < size; ++j) {
    const auto& prior = places_.priors()[j];
    const size_t row = 2 * rows_.size() + j;
    const bool linked = prior.link != PhysicsParameters::none;
    residuals[row] = (x[j] - prior.mean - (linked ? x[prior.link] : 0)) / prior.spread;
    if (!jacobian) continue;
    jacobian[j * n + row] = 1 / prior.spread;
    if (linked) jacobian[prior.link * n + row] = -1 / prior.spread;
  }
}

}  // namespace wattlayer
