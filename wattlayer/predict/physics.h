#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/operating_point.h"
#include "wattlayer/features/features.h"
#include "wattlayer/predict/boosted_trees.h"
#include "wattlayer/predict/pass_law.h"

namespace wattlayer {

/// Terms of a residual: each standardised coordinate z, then z^2 - 1 of each.
inline constexpr size_t residual_terms = 2 * coordinate_kinds;

/// Correction of the physical part in log space: a weighted sum of terms, clipped to the fitted range.
struct Residual {
  double constant = 0;
  std::array<double, residual_terms> weights{};
};

/// What is left when the law and its ridge residual are taken out: log of time, and of power. Inputs: predict/tree_inputs.h.
struct ResidualTrees {
  BoostedTrees time, power;
};

/// What takes the longest: launches and waiting for them, bytes, or arithmetic.
enum class Regime { launch, memory, compute };
inline constexpr size_t regime_kinds = 3;
std::string_view name(Regime regime);

/// What was fitted for one group of layers.
struct PhysicsGroup {
  std::string family, variant;
  DataType dtype = DataType::f32;                         ///< of matrix products
  size_t rows = 0;                                        ///< distinct layers it was fitted on
  std::array<double, count_kinds> time_factor{};          ///< multiplies the shared seconds per count
  std::array<double, coordinate_kinds> mean{}, spread{};  ///< standardise coordinates; spread 0: the coordinate did not vary
  std::array<double, coordinate_kinds> low{}, high{};     ///< fitted range
  Residual time, energy;
  std::shared_ptr<const ResidualTrees> trees;  ///< where there were layers enough and held-out blocks gained
  std::optional<double> half_width;            ///< 90 % of |log error| of a layer of this group, where 50 rows calibrate it
  std::array<std::optional<double>, regime_kinds> half_width_in = {};  ///< the same by regime, where 50 rows of it do
};

/// 90 % quantiles of |log(measured / predicted)|.
struct LogWidths {
  double energy = 0.7, time = 0.7, power = 0.4;  ///< factor 2 until calibrated
};

/// The same on held-out blocks, at one level.
struct Calibration : LogWidths {
  size_t rows = 0, blocks = 0;
  std::array<std::optional<LogWidths>, regime_kinds> regimes = {};  ///< where 50 rows of a regime calibrate it

  const LogWidths& in(Regime regime) const {
    const auto& own = regimes[static_cast<size_t>(regime)];
    return own ? *own : *this;
  }
};

/// Static power times time plus energy per count (docs/method.md):
///   t_l = exp(r_t) [ c_0 launches + ( (sum_compute c_k n_k)^p + (sum_memory c_k n_k)^p )^(1/p) ]   c_k = shared x group factor
///   E_l = exp(r_e) [ P0 t_l + sum_k e_k n_k ]
/// and for the pass as a whole the law of predict/pass_law.h.
struct PhysicsModel {
  double norm = 1;                               ///< p
  double static_w = 0;                           ///< P0
  std::optional<double> stated_w;                ///< energy was never measured: it is this power times time, and labelled so
  double pass_s = 0;                             ///< per pass of a network
  double host_s = 0;                             ///< of the host to issue one launch; 0: not known to matter
  std::optional<double> power_limit_w;           ///< of the board, unless the operating point states one
  double clock_low = 1, clock_high = 1;          ///< clocks that rows were measured at, over the data sheet's
  std::array<double, count_kinds> time_s{};      ///< seconds per count
  std::array<double, count_kinds> energy_j{};    ///< joules per count above the static part
  double correction = 0, launch_correction = 0;  ///< a and b
  std::vector<PhysicsGroup> groups;
  Calibration layer_calibration, network_calibration;

  /// The group itself, or one that differs in data type alone; for a gradient nobody has measured, its lender; or nullptr.
  const PhysicsGroup* find(const Group& group) const;

  struct Outcome {
    double time_s = 0, energy_j = 0, launch_s = 0;
    double compute_s = 0, memory_s = 0;  ///< each by itself; time_s has the norm of the two
    double launches = 0;
    double outside = 0;                   ///< distance from the fitted range in log units; 0 inside
    const PhysicsGroup* group = nullptr;  ///< nullptr: no layer of this group was measured
    bool by_trees = false;
    bool borrowed = false;  ///< a gradient at the law of its forward operator

    /// What trees add to the logarithms of time and power.
    void correct(double log_time, double log_power);
  };
  /// One execution of a layer on the device, the host not waited for.
  Outcome layer(const Features& features, const OperatingPoint& point = {}) const;

  /// Sums over the layers of a workload.
  struct Totals {
    double time_s = 0, energy_j = 0, launch_s = 0, launches = 0;
    double compute_s = 0, memory_s = 0;
    double by_trees_s = 0;  ///< part of time_s from layers that trees correct
    double between_j = 0;   ///< part of a pass's energy_j that is no layer's: waiting for the host, the pass itself
    void add(const Outcome& layer, double count) {
      time_s += count * layer.time_s, energy_j += count * layer.energy_j;
      launch_s += count * layer.launch_s, launches += count * layer.launches;
      compute_s += count * layer.compute_s, memory_s += count * layer.memory_s;
      by_trees_s += layer.by_trees ? count * layer.time_s : 0;
    }
  };
  /// What a pass makes of the sum of its layers.
  Totals pass(const Totals& layers, bool is_network, const OperatingPoint& point = {}) const;

  /// Of the sum over the layers of a workload.
  Regime regime(const Totals& layers) const;
};

/// Terms of the residual at a place: coordinates standardised and clipped to the fitted range. Returns the distance outside it.
double residual_at(const PhysicsGroup& group, const std::array<double, coordinate_kinds>& coordinates,
                   std::array<double, residual_terms>& terms);

/// Which counts the compute side of the norm sums; the others are memory, launch stands apart.
constexpr bool is_compute(size_t k) {
  return k == static_cast<size_t>(Count::macs) || k == static_cast<size_t>(Count::tensor_macs) ||
         k == static_cast<size_t>(Count::flops) || k == static_cast<size_t>(Count::special) ||
         k == static_cast<size_t>(Count::window_rows) || k == static_cast<size_t>(Count::windows);
}

/// Layers that neither multiply matrices nor slide windows stream: arithmetic hides behind memory whatever the norm of the
/// others.
inline constexpr double streaming_norm = 4;
constexpr double norm_of(const std::array<double, count_kinds>& counts, double norm) {
  const bool streams = counts[static_cast<size_t>(Count::macs)] <= 0 && counts[static_cast<size_t>(Count::tensor_macs)] <= 0 &&
                       counts[static_cast<size_t>(Count::windows)] <= 0;
  return streams && norm < streaming_norm ? streaming_norm : norm;
}

/// What follows the clock of the compute units; memory has its own.
constexpr bool follows_clock(size_t k) { return k == 0 || is_compute(k); }

/// The longer of two times, softened: (a^p + b^p)^(1/p).
double softmax_time(double compute, double memory, double norm);

}  // namespace wattlayer
