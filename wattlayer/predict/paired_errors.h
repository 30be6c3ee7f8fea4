#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wattlayer {

/// What two estimates have in common, from most to least.
enum class Relation { equal, other_batch, other_network, other_energy_model, nothing };
inline constexpr size_t relation_kinds = 5;

/// `equal`: one energy model and the same layers, so that errors cancel; `other_batch`: one energy model, one network;
/// `other_network`: one energy model; `other_energy_model`: the same network elsewhere.
std::string_view name(Relation relation);

/// Two estimates of energy. Half widths are logarithms: 90 % of |log(measured / estimated)|.
struct EstimatePair {
  Relation relation = Relation::nothing;
  double half_a = 0, half_b = 0;
  double log_ratio = 0;     ///< of the two energies per inference
  double common_share = 0;  ///< part of the larger energy that equal layers take in both, 0 to 1
};

/// How far the ratio of two estimates is off, from pairs of measured networks: |log error| of the ratio stays in nine cases of
/// ten below `factor` times what independent errors would give (docs/paired_errors.md).
class PairedErrors {
 public:
  /// Of one relation.
  struct Measured {
    double factor = 1;  ///< of nearly equal energies
    double slope = 0;   ///< added for each unit of |log_ratio|
    double most = 1;    ///< the factor grows no further
    size_t pairs = 0;   ///< measured
  };

  /// Throws Error(invalid_input) naming what is wrong.
  static PairedErrors parse(std::string_view json, std::string_view file);
  std::string print() const;

  /// Half width of the logarithm of the ratio.
  double half_width(const EstimatePair& pair) const;
  /// The factor of a pair before its common layers count; 1 where no such pair was measured.
  double factor(const EstimatePair& pair) const;

  std::array<std::optional<Measured>, relation_kinds> measured;
  std::string card;  ///< JSON: data, date, coverage on data sets left out
};

/// Had the errors nothing in common: sqrt(half_a^2 + half_b^2).
double independent_half_width(const EstimatePair& pair);

}  // namespace wattlayer
