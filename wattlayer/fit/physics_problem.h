#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "wattlayer/fit/method.h"
#include "wattlayer/predict/device_prior.h"

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
  size_t device = 0;
  OperatingPoint point = {};
};

/// A device under an engine, as the law sees it.
struct FitDevice {
  const Hardware* hardware = nullptr;
  bool asynchronous = false;                 ///< the host issues launches ahead
  std::optional<double> power_limit_w = {};  ///< of the board: what its data sheet says, or more where more was measured
};

/// Where each parameter of the law stands in the vector that the solver sees, and its prior. Factors are held as logarithms.
class PhysicsParameters {
 public:
  struct Prior {
    double mean = 0, spread = 1;
    size_t link = none;  ///< place of a parameter that is added to the mean
  };

  /// Groups and their active counts and coordinates follow from the rows, the priors from the hardware. Several devices share the
  /// groups and a common distance from their data sheets. `known` may be null. `curved_windows`: convolutions get curvature too.
  PhysicsParameters(const std::vector<FitRow>& rows, const std::vector<PhysicsGroup>& groups,
                    const std::vector<FitDevice>& devices, const DevicePrior* known = nullptr, bool curved_windows = false);

  size_t size() const { return priors_.size(); }
  const std::vector<Prior>& priors() const { return priors_; }
  const std::vector<FitDevice>& devices() const { return devices_; }
  /// Where the solver starts: means of the priors.
  std::vector<double> start() const;

  /// Places of a device's own parameters.
  size_t time(size_t count, size_t device = 0) const { return first_ + device * device_parameters + count; }
  size_t energy(size_t count, size_t device = 0) const { return time(count, device) + count_kinds; }
  size_t static_power(size_t device = 0) const { return time(2 * count_kinds, device); }
  size_t pass(size_t device = 0) const { return time(2 * count_kinds + 1, device); }
  size_t host(size_t device = 0) const { return time(2 * count_kinds + 2, device); }
  size_t correction(size_t device = 0) const { return time(2 * count_kinds + 3, device); }
  size_t launch_correction(size_t device = 0) const { return time(2 * count_kinds + 4, device); }

  static constexpr size_t none = static_cast<size_t>(-1);
  struct GroupPlaces {
    std::array<size_t, count_kinds> factor;
    std::array<size_t, residual_terms + 1> time, energy;  ///< constant first
  };
  const GroupPlaces& group(size_t g) const { return groups_[g]; }

  /// The model of one device that a parameter vector stands for.
  PhysicsModel model(const double* parameters, const std::vector<PhysicsGroup>& groups, double norm, size_t device = 0) const;

  /// What the devices have in common, as a prior for another.
  DevicePrior prior(const double* parameters, const std::vector<PhysicsGroup>& groups, double norm) const;

 private:
  size_t add(Prior prior) { return priors_.push_back(prior), priors_.size() - 1; }
  void add_devices(const DevicePrior* known);
  void add_group(const PhysicsGroup& group, const std::array<bool, count_kinds>& active, const PhysicsGroup* known);

  std::vector<FitDevice> devices_;
  bool curved_windows_ = false;
  size_t first_ = 0;  ///< place of the first device's first parameter; what devices share stands before it
  std::vector<Prior> priors_;
  std::vector<GroupPlaces> groups_;
};

/// Relative errors beyond this weigh linearly, not quadratically (pseudo-Huber); a residual is the error over it where it is
/// small.
inline constexpr double robust_error_scale = 0.2;

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
  struct Point;
  struct Gradient;
  void add_term(const FitRow& row, const Term& term, const Point& at, Gradient& gradient) const;
  void finish_row(const FitRow& row, const Point& at, Gradient& gradient) const;

  const std::vector<FitRow>& rows_;
  const PhysicsParameters& places_;
  double norm_;
};

}  // namespace wattlayer
