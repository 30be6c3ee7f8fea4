#pragma once
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace wattlayer {

/// What two estimates have in common, from most to least.
enum class Relation { equal, other_batch, other_network, other_energy_model, nothing };
inline constexpr size_t relation_kinds = 5;

/// `equal`: one energy model and the same layers, so that errors cancel; `other_batch`: one energy model, one network;
/// `other_network`: one energy model; `other_energy_model`: the same network and batch elsewhere.
std::string_view name(Relation relation);

/// Two estimates of energy. Half widths are logarithms: 90 % of |log(measured / estimated)|.
struct EstimatePair {
  Relation relation = Relation::nothing;
  double half_a = 0, half_b = 0;
  double log_batches = 0;    ///< log of the ratio of the batch sizes
  double common_share = 0;   ///< part of the larger energy that equal layers take in both, 0 to 1
  std::string energy_model;  ///< of both; empty where they differ
  double coverage = 1;       ///< the lesser of the two: share of the energy from layers inside the fitted range
};

/// Of estimates that are extrapolated by more than the rest of this, errors are never taken as shared.
inline constexpr double coverage_that_narrows = 0.9;

/// What equal layers leave of the doubt about a ratio: sqrt(1 - 0.4 share). Not nothing: energy that belongs to no layer, and the
/// spread between measurements, stay (docs/paired_errors.md).
double left_by_common_layers(double common_share);

/// How far the ratio of two estimates is off, from pairs of measured networks: |log error| of the ratio stays in nine cases of
/// ten below `factor` times what independent errors would give (docs/paired_errors.md).
class PairedErrors {
 public:
  /// Of one relation.
  struct Measured {
    double factor = 1;  ///< of equal batches
    double slope = 0;   ///< added for each unit of |log_batches|
    double most = 1;    ///< the factor grows no further
    size_t pairs = 0;   ///< measured
  };
  using ByRelation = std::array<std::optional<Measured>, relation_kinds>;

  /// Throws Error(invalid_input) naming what is wrong.
  static PairedErrors parse(std::string_view json, std::string_view file);
  std::string print() const;

  /// Half width of the logarithm of the ratio.
  double half_width(const EstimatePair& pair) const;
  /// The factor of a pair before its common layers count; 1 where no such pair was measured, and no less where an estimate is
  /// extrapolated: few such pairs were measured.
  double factor(const EstimatePair& pair) const;

  /// What a pair goes by: that of its energy model, else that of all; nothing where no such pair was measured.
  const std::optional<Measured>& measured_for(const EstimatePair& pair) const;

  ByRelation measured;                              ///< of all data sets
  std::map<std::string, ByRelation> energy_models;  ///< from their own pairs: HARDWARE/ENGINE/DTYPE
  std::string card;                                 ///< JSON: data, date, coverage on data sets left out
};

/// Had the errors nothing in common: sqrt(half_a^2 + half_b^2).
double independent_half_width(const EstimatePair& pair);

}  // namespace wattlayer
