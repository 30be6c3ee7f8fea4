#include "wattlayer/fit/physics_problem.h"

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

constexpr double error_scale = 0.2;      // relative errors beyond this weigh linearly, not quadratically
constexpr double residual_spread = 0.1;  // of a residual weight on a standardised coordinate
constexpr double curvature_spread = 0.05;
constexpr double size_spread = 0.03;  // the same on the size itself: work grows with it, efficiency hardly
constexpr double page_bytes = 4096, page_fault_s = 1e-6;

double or_else(std::optional<double> value, double otherwise) { return value && *value > 0 ? *value : otherwise; }

/// Prior of the shared seconds per count, from the data sheet: half the peak, the stated bandwidth.
std::array<PhysicsParameters::Prior, count_kinds> time_priors(const Hardware& h) {
  const double peak = h.peak(DataType::f32);
  const double vector = or_else(h.vector_flops, peak);
  const double bandwidth = or_else(h.bandwidth_bytes_per_s, 20e9);
  const bool cpu = h.kind == "cpu";
  auto at = [](double seconds, double spread) { return PhysicsParameters::Prior{std::log(seconds), spread}; };
  return {at(cpu ? 4e-6 : 5e-6, 0.3),      at(2 / (0.5 * peak), 0.7),
          at(1 / (0.25 * vector), 0.3),    at(10 / (0.25 * vector), 0.7),
          at(1 / bandwidth, 0.2),          at(1 / bandwidth, 0.7),
          at(1 / bandwidth, 0.2),          at(page_fault_s / page_bytes, 0.5),
          at(0.2 / bandwidth, 1.5),        at(cpu ? 2e-9 : 8 / vector, 1.5),
          at(cpu ? 4e-9 : 8 / vector, 1.5)};
}

/// How far a group may stand from the shared seconds per count (log units): bandwidth and launches belong to the machine,
/// arithmetic efficiency to the kernel; kernels of matrix products pack their operands first, those of windows are often scalar.
double factor_spread(size_t k, bool product, bool window) {
  switch (static_cast<Count>(k)) {
    case Count::macs:
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
/// sizes of a convolution depend on each other, so curvature fitted on some would not hold for others.
double weight_spread(size_t j, bool product, bool window) {
  if (j % coordinate_kinds == static_cast<size_t>(Coordinate::m) && !product) return 0;
  if (j >= coordinate_kinds) return product && window ? 0 : curvature_spread;
  return j == static_cast<size_t>(Coordinate::m) ? size_spread : residual_spread;
}

/// A coordinate without spread in a group has nothing to be fitted on.
bool varies(const PhysicsGroup& g, size_t j) { return g.spread[j] > 0; }

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
                                     const Hardware& h) {
  const auto times = time_priors(h);
  const double tdp = or_else(h.tdp_w, 100), idle = or_else(h.idle_w, 0.35 * tdp);
  const double dynamic = std::max(tdp - idle, 0.1 * tdp);
  for (const Prior& p : times) priors_.push_back(p);
  for (size_t k = 0; k < count_kinds; ++k) priors_.push_back({times[k].mean + std::log(0.4 * dynamic), 1.5});
  priors_.push_back({std::log(idle), h.idle_w ? 0.15 : 0.5});
  priors_.push_back({std::log(20e-6), 2.0});
  priors_.push_back({0, 0.1});
  priors_.push_back({0, 0.2});

  std::vector<std::array<bool, count_kinds>> active(groups.size(), std::array<bool, count_kinds>{});
  for (const FitRow& row : rows)
    for (const Term& term : row.terms)
      for (size_t k = 0; k < count_kinds; ++k)
        if (term.counts[k] > 0) active[term.group][k] = true;
  auto next = [&](Prior prior) { return priors_.push_back(prior), priors_.size() - 1; };
  for (size_t g = 0; g < groups.size(); ++g) {
    GroupPlaces places;
    const bool product = active[g][static_cast<size_t>(Count::macs)];
    const bool window = groups[g].spread[static_cast<size_t>(Coordinate::kernel)] > 0;
    for (size_t k = 0; k < count_kinds; ++k)
      places.factor[k] = active[g][k] ? next({0, factor_spread(k, product, window)}) : none;
    for (auto* side : {&places.time, &places.energy}) {
      (*side)[0] = next({0, residual_spread});
      for (size_t j = 0; j < residual_terms; ++j) {
        const double spread = varies(groups[g], j % coordinate_kinds) ? weight_spread(j, product, window) : 0;
        (*side)[j + 1] = spread > 0 ? next({0, spread}) : none;
      }
    }
    groups_.push_back(places);
  }
}

PhysicsModel PhysicsParameters::model(const double* x, const std::vector<PhysicsGroup>& groups, double norm) const {
  PhysicsModel m;
  m.norm = norm;
  for (size_t k = 0; k < count_kinds; ++k) m.time_s[k] = std::exp(x[time(k)]), m.energy_j[k] = std::exp(x[energy(k)]);
  m.static_w = std::exp(x[static_power()]);
  m.pass_s = std::exp(x[pass()]);
  m.correction = x[correction()];
  m.launch_correction = x[launch_correction()];
  m.groups = groups;
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

/// Energy, time and launch time of a row so far, with the derivatives of the first two.
struct PhysicsProblem::Gradient {
  double energy = 0, time = 0, launch = 0;
  std::vector<double> d_energy, d_time;
  std::vector<size_t> touched;  // places that are not zero; may repeat

  explicit Gradient(size_t n) : d_energy(n), d_time(n) {}
  void add(size_t place, double by_energy, double by_time) {
    d_energy[place] += by_energy;
    d_time[place] += by_time;
    touched.push_back(place);
  }
  void clear() {
    energy = time = launch = 0;
    for (size_t place : touched) d_energy[place] = d_time[place] = 0;
    touched.clear();
  }
};

void PhysicsProblem::add_term(const Term& term, const double* x, Gradient& out) const {
  const auto& places = places_.group(term.group);
  std::array<double, count_kinds> part{};
  double compute = 0, memory = 0;
  for (size_t k = 0; k < count_kinds; ++k) {
    if (term.counts[k] <= 0) continue;
    part[k] = std::exp(x[places_.time(k)] + x[places.factor[k]]) * term.counts[k];
    if (k > 0) (is_compute(k) ? compute : memory) += part[k];
  }
  const double norm = norm_of(term.counts, norm_);
  const double work = softmax_time(compute, memory, norm);
  auto residual = [&](const std::array<size_t, residual_terms + 1>& at) {
    double r = x[at[0]];
    for (size_t j = 0; j < residual_terms; ++j)
      if (at[j + 1] != PhysicsParameters::none) r += x[at[j + 1]] * term.residual[j];
    return std::exp(r);
  };
  const double time_factor = residual(places.time), energy_factor = residual(places.energy);
  const double static_w = std::exp(x[places_.static_power()]);
  const double time = time_factor * (work + part[0]);
  double above_static = 0;
  for (size_t k = 0; k < count_kinds; ++k) above_static += std::exp(x[places_.energy(k)]) * term.counts[k];
  const double energy = energy_factor * (static_w * time + above_static);
  out.time += term.count * time;
  out.energy += term.count * energy;
  out.launch += term.count * time_factor * part[0];

  const double watts = energy_factor * static_w;  // d energy / d time
  auto add_time = [&](size_t place, double d) { out.add(place, term.count * watts * d, term.count * d); };
  for (size_t k = 0; k < count_kinds; ++k) {
    if (term.counts[k] <= 0) continue;
    double d = part[k];
    if (k > 0 && norm != 1) d *= std::pow((is_compute(k) ? compute : memory) / work, norm - 1);
    add_time(places_.time(k), time_factor * d);
    add_time(places.factor[k], time_factor * d);
    out.add(places_.energy(k), term.count * energy_factor * std::exp(x[places_.energy(k)]) * term.counts[k], 0);
  }
  out.add(places_.static_power(), term.count * watts * time, 0);
  for (size_t j = 0; j <= residual_terms; ++j) {
    const double z = j == 0 ? 1 : term.residual[j - 1];
    if (places.time[j] != PhysicsParameters::none) add_time(places.time[j], time * z);
    if (places.energy[j] != PhysicsParameters::none) out.add(places.energy[j], term.count * energy * z, 0);
  }
}

void PhysicsProblem::evaluate(const double* x, double* residuals, double* jacobian) const {
  const size_t n = this->residuals(), size = places_.size();
  if (jacobian) std::fill(jacobian, jacobian + n * size, 0.0);
  Gradient g(size);
  const double static_w = std::exp(x[places_.static_power()]);
  for (size_t i = 0; i < rows_.size(); ++i) {
    const FitRow& row = rows_[i];
    g.clear();
    for (const Term& term : row.terms) add_term(term, x, g);
    double log_factor = 0, share = 0;
    if (row.is_network) {
      const double pass = std::exp(x[places_.pass()]);
      g.time += pass;
      g.energy += static_w * pass;
      g.add(places_.pass(), static_w * pass, pass);
      g.add(places_.static_power(), static_w * pass, 0);
      share = g.launch / g.time;
      log_factor = x[places_.correction()] + x[places_.launch_correction()] * share;
    }
    double slope_e = 0, slope_t = 0;
    residuals[2 * i] = row.has_energy ? robust(std::log(g.energy) + log_factor - row.log_energy, slope_e) : 0;
    residuals[2 * i + 1] = row.has_time ? robust(std::log(g.time) - row.log_time, slope_t) : 0;
    if (!jacobian) continue;
    for (size_t place : g.touched) {
      jacobian[place * n + 2 * i] = slope_e * g.d_energy[place] / g.energy;
      jacobian[place * n + 2 * i + 1] = slope_t * g.d_time[place] / g.time;
    }
    if (row.is_network) {
      jacobian[places_.correction() * n + 2 * i] = slope_e;
      jacobian[places_.launch_correction() * n + 2 * i] = slope_e * share;
    }
  }
  for (size_t j = 0; j < size; ++j) {
    const auto& prior = places_.priors()[j];
    residuals[2 * rows_.size() + j] = (x[j] - prior.mean) / prior.spread;
    if (jacobian) jacobian[j * n + 2 * rows_.size() + j] = 1 / prior.spread;
  }
}

}  // namespace wattlayer
