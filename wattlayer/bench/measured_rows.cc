#include "wattlayer/bench/measured_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "wattlayer/bench/confidence.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

constexpr double largest_disagreement = 0.05;     // of a counter and the integral of the same device
constexpr double largest_time_difference = 0.05;  // of the runner's clock and ours

PerPass per_pass_of(std::span<const Window> windows, std::optional<size_t> meter) {
  std::vector<double> totals, passes;
  for (const Window& w : windows) {
    totals.push_back(meter ? w.energy[*meter].value : w.time.value);
    passes.push_back(static_cast<double>(w.passes));
  }
  return per_pass(totals, passes);
}

/// Median over the windows that tell.
std::optional<double> middle(std::span<const Window> windows, std::optional<double> DeviceState::*what) {
  std::vector<double> values;
  for (const Window& w : windows)
    if (w.state.*what) values.push_back(*(w.state.*what));
  if (values.empty()) return std::nullopt;
  return median(std::move(values));
}

std::map<std::string, size_t> throttled_windows(std::span<const Window> windows) {
  std::map<std::string, size_t> count;
  for (const Window& w : windows)
    for (const std::string& reason : w.state.throttle.value_or(std::vector<std::string>{})) ++count[reason];
  return count;
}

void add_state(std::map<std::string, std::string>& conditions, std::span<const Window> windows) {
  auto add = [&](const char* key, std::optional<double> DeviceState::*what) {
    const auto value = middle(windows, what);
    if (value) conditions[key] = fmt::format("{:.6g}", *value);
  };
  add("clock_hz", &DeviceState::clock_hz);
  add("memory_clock_hz", &DeviceState::memory_clock_hz);
  add("temperature_c", &DeviceState::temperature_c);
  add("power_limit_w", &DeviceState::power_limit_w);
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : throttled_windows(windows)) reasons.push_back(reason);
  const bool told = std::all_of(windows.begin(), windows.end(), [](const Window& w) { return w.state.throttle.has_value(); });
  if (told || !reasons.empty()) conditions["throttle"] = reasons.empty() ? "none" : fmt::format("{}", fmt::join(reasons, ", "));
}

std::string protocol_text(const Protocol& protocol) {
  if (protocol.fixed_passes) return fmt::format("fixed: {} windows of {} passes", protocol.fixed_windows, *protocol.fixed_passes);
  return fmt::format("tolerance {:g}, windows of at least {:g} s and {} refreshes", protocol.tolerance, protocol.window.value,
                     protocol.refreshes);
}

/// Very small buffers need more copies to leave the cache than a runner keeps.
std::string cache_text(const Measured& measured, const Circumstances& c) {
  if (c.preparation.warm_cache) return "warm";
  for (const RunnerDevice& device : c.runner.devices)
    if (device.id == c.preparation.device && device.cache_bytes && measured.rotated_bytes &&
        *measured.rotated_bytes < *device.cache_bytes)
      return "partly rotated";
  return "rotated";
}

/// Conditions that all rows of a task share.
std::map<std::string, std::string> conditions_of(const Measured& measured, const Circumstances& c) {
  std::map<std::string, std::string> conditions = {{"date", c.date},
                                                   {"runner", c.runner.name},
                                                   {"engine_version", c.runner.version},
                                                   {"device", c.preparation.device},
                                                   {"cache", cache_text(measured, c)},
                                                   {"protocol", protocol_text(c.protocol)}};
  if (c.preparation.threads > 0) conditions["threads"] = std::to_string(c.preparation.threads);
  for (const RunnerDevice& device : c.runner.devices) {
    if (device.id != c.preparation.device) continue;
    if (!device.name.empty()) conditions["device_name"] = device.name;
    conditions.insert(device.facts.begin(), device.facts.end());
  }
  conditions.insert(c.runner.facts.begin(), c.runner.facts.end());
  add_state(conditions, measured.windows);
  if (const auto time = per_pass_of(measured.windows, std::nullopt).half_width)
    conditions["time_ci95_s"] = fmt::format("{:.6g}", *time);
  return conditions;
}

/// Why the figure of a meter is none; empty when it is one.
std::string uncounted(std::span<const Window> windows, size_t meter, const MeterInfo& info) {
  Joules total;
  for (const Window& w : windows) total += w.energy[meter];
  if (total.value > 0 && total > info.resolution * static_cast<double>(windows.size())) return "";
  return fmt::format(
      "{} counted {:g} J in {} windows, which is not above its resolution of {:g} J; it does not meter the device that works, or "
      "it stands still: see `wattlayer check`",
      info.name(), total.value, windows.size(), info.resolution.value);
}

Measurement row_of(const Measured& measured, const Task& task, const Circumstances& c) {
  Measurement row{.workload = task.workload, .engine = c.runner.engine, .dtype = c.preparation.dtype};
  row.time_s = per_pass_of(measured.windows, std::nullopt).mean;
  row.repetitions = 0;
  for (const Window& w : measured.windows) row.repetitions += w.passes;
  row.windows = static_cast<int64_t>(measured.windows.size());
  row.conditions = conditions_of(measured, c);
  return row;
}

void add_energy(Measurement& row, const Measured& measured, size_t meter, const Circumstances& c) {
  const MeterInfo& info = c.meters[meter]->info();
  row.meter = info.meter, row.scope = info.scope, row.method = info.method;
  row.conditions["domain"] = info.domain;
  row.conditions.insert(info.facts.begin(), info.facts.end());
  if (c.refresh[meter] && c.refresh[meter]->value > 0)
    row.conditions["refresh_interval_s"] = fmt::format("{:.3g}", c.refresh[meter]->value);
  if (c.idle[meter]) row.idle_power_w = c.idle[meter]->value;
  row.failure = uncounted(measured.windows, meter, info);
  if (!row.failure.empty()) return;
  const PerPass joules = per_pass_of(measured.windows, meter);
  row.energy_j = joules.mean, row.energy_sd_j = joules.sd, row.energy_ci95_j = joules.half_width;
}

/// Counter and integral of one device should agree.
void compare_meters(Measured& measured, std::span<Meter* const> meters) {
  for (size_t i = 0; i < measured.rows.size(); ++i)
    for (size_t j = i + 1; j < measured.rows.size(); ++j) {
      const MeterInfo &a = meters[i]->info(), &b = meters[j]->info();
      const Measurement &x = measured.rows[i], &y = measured.rows[j];
      if (a.device.empty() || a.device != b.device || a.scope != b.scope || a.method == b.method) continue;
      if (!x.energy_j || !y.energy_j || a.method == "modelled" || b.method == "modelled") continue;
      const double difference = *x.energy_j / *y.energy_j - 1;
      if (std::abs(difference) > largest_disagreement)
        measured.remarks.push_back(
            fmt::format("{} ({}) says {:+.1f} % of what {} ({}) says for the same device; at most one of them "
                        "is right",
                        a.name(), a.method, 100 * difference, b.name(), b.method));
    }
}

/// Energy above idle that is negative is reported as it is, and why it may be.
void add_idle_remark(std::vector<std::string>& remarks, const Measurement& row, const MeterInfo& info) {
  if (!row.energy_j || !row.idle_power_w) return;
  const double above = *row.energy_j - *row.idle_power_w * *row.time_s;
  if (above >= 0) return;
  if (-above <= row.energy_ci95_j.value_or(0)) {
    remarks.push_back(
        fmt::format("{}: the energy above idle is negative by less than its interval: it cannot be told from none", info.name()));
    return;
  }
  remarks.push_back(
      fmt::format("{}: the device drew more at rest ({:.4g} W) than at work ({:.4g} W), so the energy above idle is negative; "
                  "something else used the "
                  "device in the idle window",
                  info.name(), *row.idle_power_w, *row.energy_j / *row.time_s));
}

/// With fixed passes a window may be shorter than what the sensor needs to show it.
void add_short_window_remark(Measured& measured, size_t meter, const Circumstances& c) {
  const MeterInfo& info = c.meters[meter]->info();
  if (!c.protocol.fixed_passes || info.method == "modelled") return;
  std::vector<double> times;
  for (const Window& w : measured.windows) times.push_back(w.time.value);
  const double window = median(std::move(times));
  const auto refresh = c.refresh[meter] ? c.refresh[meter] : info.refresh_interval;
  if (!refresh || window >= c.protocol.refreshes * refresh->value) return;
  measured.remarks.push_back(fmt::format(
      "{}: {} passes took {:.3g} s, in which it refreshes {:.2g} times; expected {} refreshes in a window, with fewer "
      "the figure may be off by far: take more passes, or leave --fixed out",
      info.name(), *c.protocol.fixed_passes, window, window / refresh->value, c.protocol.refreshes));
}

/// A runner that does not wait for its device, or counts in other units, is not believed unseen.
void add_time_remark(Measured& measured) {
  Seconds told{0}, wall{0};
  for (const Window& w : measured.windows) told += w.time, wall += w.wall;
  if (std::abs(wall / told - 1) <= largest_time_difference) return;
  measured.remarks.push_back(fmt::format(
      "the runner says that its windows took {:.4g} s, the clock says {:.4g} s: it does not wait for its device, counts "
      "in another unit, or a window is short beside a request",
      told.value, wall.value));
}

void add_remarks(Measured& measured, const Circumstances& c) {
  const size_t windows = measured.windows.size();
  for (const auto& [reason, count] : throttled_windows(measured.windows))
    measured.remarks.push_back(fmt::format("the device was throttled ({}) in {} of {} windows", reason, count, windows));
  for (size_t i = 0; i < c.meters.size(); ++i) {
    const Measurement& row = measured.rows[i];
    const MeterInfo& info = c.meters[i]->info();
    for (const std::string& remark : c.meters[i]->remarks())
      measured.remarks.push_back(fmt::format("{}: {}", info.name(), remark));
    if (info.method == "modelled" && info.remarks.empty())
      measured.remarks.push_back(fmt::format("the energy of {} is modelled, not measured: stated power x time", info.name()));
    add_idle_remark(measured.remarks, row, info);
    add_short_window_remark(measured, i, c);
    if (c.protocol.idle.value > 0 && !c.idle[i] && info.method != "modelled")
      measured.remarks.push_back(fmt::format("{}: the power at rest is not above its resolution, so it is unknown", info.name()));
  }
}

}  // namespace

std::optional<double> relative_half_width(std::span<const Window> windows, std::span<Meter* const> meters) {
  if (windows.size() < 2) return std::nullopt;
  double widest = 0;
  auto look = [&](std::optional<size_t> meter) {
    const PerPass figure = per_pass_of(windows, meter);
    if (figure.mean > 0) widest = std::max(widest, *figure.half_width / figure.mean);
    return figure.mean > 0;
  };
  if (meters.empty() && !look(std::nullopt)) return std::nullopt;
  for (size_t i = 0; i < meters.size(); ++i)
    if (!look(i)) return std::nullopt;
  return widest;
}

void fill_rows(Measured& measured, const Task& task, const Circumstances& circumstances) {
  const Measurement row = row_of(measured, task, circumstances);
  add_time_remark(measured);
  if (circumstances.meters.empty()) {
    measured.rows.push_back(row);
    measured.rows.back().method = "";
    return;
  }
  for (size_t i = 0; i < circumstances.meters.size(); ++i) {
    measured.rows.push_back(row);
    add_energy(measured.rows.back(), measured, i, circumstances);
  }
  const bool none = std::all_of(measured.rows.begin(), measured.rows.end(), [](const Measurement& r) { return !r.energy_j; });
  if (none) {
    measured.failure = measured.rows.front().failure;
    measured.rows.clear();
    return;
  }
  compare_meters(measured, circumstances.meters);
  add_remarks(measured, circumstances);
}

}  // namespace wattlayer
