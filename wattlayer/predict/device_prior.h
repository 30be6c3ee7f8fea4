#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {

/// Parameters of the law that belong to a device, not to a group of layers: logarithms of seconds and of joules per count, then
/// these; all logarithms but the corrections.
namespace DeviceParameter {
enum : size_t { static_power = 2 * count_kinds, pass, host, correction, launch_correction };
}
inline constexpr size_t device_parameters = DeviceParameter::launch_correction + 1;

/// A normal prior of one of them.
struct LogPrior {
  double mean = 0, spread = 1;
};

/// What a data sheet says of a device: half its peak rates, its bandwidth, and energies that fill its power budget.
std::array<LogPrior, device_parameters> data_sheet_priors(const Hardware& hardware, bool asynchronous);

/// The device states it itself: nothing to learn from others.
inline bool is_stated(size_t parameter, const Hardware& hardware) {
  return parameter == DeviceParameter::static_power && hardware.idle_w.has_value();
}

/// Only boards of GPUs hold their power by dropping clocks within what is measured; others state a design power.
std::optional<double> power_limit(const Hardware& hardware);

/// The host issues launches ahead of the device.
bool issues_ahead(const Hardware& hardware, const Engine& engine);

/// What measured devices teach about one that was not: how far logarithms of its parameters lie from what its data sheet says,
/// and the groups of layers. Spreads are between devices. One file (`.prior`, JSON).
struct DevicePrior {
  double norm = 2;
  std::array<double, device_parameters> shift{}, spread{};
  std::vector<PhysicsGroup> groups;
  double energy_width = 0.7, time_width = 0.7;    ///< 90 % of |log error| on a device left out
  double energy_within = 0.2, time_within = 0.2;  ///< the same on the devices themselves
  size_t rows = 0, devices = 0;                   ///< it was learned from
  std::string card;                               ///< JSON text: data sets, devices, errors on devices left out

  /// Throws Error(invalid_input) naming what is wrong.
  static DevicePrior parse(std::string_view text, std::string_view id);
  std::string print() const;
};

/// The law from a device's parameters.
PhysicsModel device_model(std::span<const double, device_parameters> parameters, std::vector<PhysicsGroup> groups, double norm,
                          const Hardware& hardware, bool asynchronous);

/// The law for a device that nobody has measured, from its data sheet and what others teach.
PhysicsModel device_model(const DevicePrior& prior, const Hardware& hardware, const Engine& engine);

}  // namespace wattlayer
