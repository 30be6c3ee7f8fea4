#pragma once
#include <array>
#include <cstddef>
#include <vector>

#include "wattlayer/fit/method.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// One layer of a row, reduced to what the law needs.
struct Term {
  size_t group = 0;
  double count = 1;
  std::array<double, count_kinds> counts{};
  std::array<double, coordinate_kinds> coordinates{};  ///< raw
  std::array<double, residual_terms> residual{};       ///< set by standardise()
};

/// One measurement, reduced to what the fit needs.
struct FitRow {
  std::vector<Term> terms;
  double log_energy = 0, log_time = 0;
  bool has_energy = false, has_time = false, is_network = false;
};

/// Where each parameter of the law stands in the vector that the solver sees, and its prior. Factors are held as logarithms.
class PhysicsParameters {
 public:
  struct Prior {
    double mean = 0, spread = 1;
  };

  /// Groups and their active counts and coordinates follow from the rows, the priors from the hardware.
  PhysicsParameters(const std::vector<FitRow>& rows, const std::vector<PhysicsGroup>& groups, const Hardware& hardware);

  size_t size() const { return priors_.size(); }
  const std::vector<Prior>& priors() const { return priors_; }

  size_t time(size_t count) const { return count; }
  size_t energy(size_t count) const { return count_kinds + count; }
  size_t static_power() const { return 2 * count_kinds; }
  size_t pass() const { return 2 * count_kinds + 1; }
  size_t correction() const { return 2 * count_kinds + 2; }
  size_t launch_correction() const { return 2 * count_kinds + 3; }

  static constexpr size_t none = static_cast<size_t>(-1);
  struct GroupPlaces {
    std::array<size_t, count_kinds> factor;
    std::array<size_t, residual_terms + 1> time, energy;  ///< constant first
  };
  const GroupPlaces& group(size_t g) const { return groups_[g]; }

  /// The model that a parameter vector stands for.
  PhysicsModel model(const double* parameters, const std::vector<PhysicsGroup>& groups, double norm) const;

 private:
  std::vector<Prior> priors_;
  std::vector<GroupPlaces> groups_;
};

/// Residuals and their derivatives for the solver: two a row (energy, time), then one a prior.
class PhysicsProblem {
 public:
  PhysicsProblem(const std::vector<FitRow>& rows, const PhysicsParameters& parameters, double norm)
      : rows_(rows), places_(parameters), norm_(norm) {}

  size_t residuals() const { return 2 * rows_.size() + places_.size(); }
  size_t parameters() const { return places_.size(); }

  /// jacobian (column-major, residuals() x parameters()) may be null.
  void evaluate(const double* parameters, double* residuals, double* jacobian) const;

 private:
  struct Gradient;
  void add_term(const Term& term, const double* parameters, Gradient& gradient) const;

  const std::vector<FitRow>& rows_;
  const PhysicsParameters& places_;
  double norm_;
};

}  // namespace wattlayer
