#include "wattlayer/predict/device_prior.h"

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

constexpr double page_bytes = 4096, page_fault_s = 1e-6;

double or_else(std::optional<double> value, double otherwise) { return value && *value > 0 ? *value : otherwise; }

/// Prior of the shared seconds per count, from the data sheet: half the peak, the stated bandwidth.
std::array<LogPrior, count_kinds> time_priors(const Hardware& h, bool asynchronous) {
  const double vector = or_else(h.vector_flops, h.peak(DataType::f32));
  const double bandwidth = or_else(h.bandwidth_bytes_per_s, 20e9);
  const bool cpu = h.on_processor;
  auto at = [](double seconds, double spread) { return LogPrior{std::log(seconds), spread}; };
  const double launch = cpu ? 4e-6 : asynchronous ? 2e-6 : 5e-6;
  return {at(launch, 0.3),
          at(2 / (0.5 * h.peak(DataType::f32)), 0.7),
          at(2 / (0.5 * matrix_unit_peak(h)), 0.7),
          at(1 / (0.25 * vector), 0.3),
          at(10 / (0.25 * vector), 0.7),
          at(1 / bandwidth, 0.2),
          at(1 / bandwidth, 0.7),
          at(1 / bandwidth, 0.2),
          at(page_fault_s / page_bytes, 0.5),
          at(0.2 / bandwidth, 1.5),
          at(cpu ? 2e-9 : 8 / vector, 1.5),
          at(cpu ? 4e-9 : 8 / vector, 1.5)};
}

/// How far joules per count may lie from what fills the power budget. The design power of a processor is that of all its cores,
/// which rarely all run; arithmetic outside products is too rare to say much of itself.
double energy_spread(size_t k, const Hardware& hardware) {
  if (hardware.on_processor) return 1.5;
  const auto count = static_cast<Count>(k);
  return count == Count::flops || count == Count::special ? 0.4 : 0.8;
}

}  // namespace

std::optional<double> power_limit(const Hardware& hardware) { return hardware.kind == "gpu" ? hardware.tdp_w : std::nullopt; }

std::array<LogPrior, device_parameters> data_sheet_priors(const Hardware& h, bool asynchronous) {
  std::array<LogPrior, device_parameters> priors;
  const auto times = time_priors(h, asynchronous);
  const double tdp = or_else(h.tdp_w, h.kind == "soc" ? 10 : 100), idle = or_else(h.idle_w, 0.35 * tdp);
  const double dynamic = std::max(tdp - idle, 0.1 * tdp);
  for (size_t k = 0; k < count_kinds; ++k) {
    priors[k] = times[k];
    priors[count_kinds + k] = {times[k].mean + std::log(0.4 * dynamic), energy_spread(k, h)};
  }
  priors[2 * count_kinds] = {std::log(idle), h.idle_w ? 0.15 : 0.5};
  priors[2 * count_kinds + 1] = {std::log(20e-6), 2.0};
  priors[2 * count_kinds + 2] = {std::log(10e-6), asynchronous ? 0.7 : 0.01};
  priors[2 * count_kinds + 3] = {0, 0.1};
  priors[2 * count_kinds + 4] = {0, 0.2};
  return priors;
}

bool issues_ahead(const Hardware& hardware, const Engine& engine) { return engine.asynchronous && !hardware.on_processor; }

PhysicsModel device_model(std::span<const double, device_parameters> logs, std::vector<PhysicsGroup> groups, double norm,
                          const Hardware& hardware, bool asynchronous) {
  PhysicsModel m;
  m.norm = norm;
  for (size_t k = 0; k < count_kinds; ++k) m.time_s[k] = std::exp(logs[k]), m.energy_j[k] = std::exp(logs[count_kinds + k]);
  m.static_w = std::exp(logs[DeviceParameter::static_power]);
  m.pass_s = std::exp(logs[DeviceParameter::pass]);
  m.host_s = asynchronous ? std::exp(logs[DeviceParameter::host]) : 0;
  m.power_limit_w = power_limit(hardware);
  m.correction = logs[DeviceParameter::correction];
  m.launch_correction = logs[DeviceParameter::launch_correction];
  m.groups = std::move(groups);
  return m;
}

PhysicsModel device_model(const DevicePrior& prior, const Hardware& hardware, const Engine& engine) {
  const bool asynchronous = issues_ahead(hardware, engine);
  const auto sheet = data_sheet_priors(hardware, asynchronous);
  std::array<double, device_parameters> logs;
  for (size_t j = 0; j < device_parameters; ++j) logs[j] = sheet[j].mean + (is_stated(j, hardware) ? 0 : prior.shift[j]);
  PhysicsModel m = device_model(logs, prior.groups, prior.norm, hardware, asynchronous);
  m.layer_calibration = m.network_calibration = {
      {.energy = prior.energy_width, .time = prior.time_width, .power = prior.energy_width}, prior.rows, prior.devices};
  return m;
}

}  // namespace wattlayer
