#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/bench/runner.h"
#include "wattlayer/core/clock.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// The rules of one measurement (docs/measuring_well.md).
struct Protocol {
  double tolerance = 0.02;              ///< half width of the 95 % interval of J per pass, relative, that ends a measurement
  Seconds budget{60};                   ///< time for one task, after which the interval reached is reported
  Seconds warm_up{1};                   ///< with the same code as the windows
  Seconds window{1};                    ///< shortest window
  int refreshes = 30;                   ///< a window holds at least that many refreshes of the slowest sensor
  int min_windows = 8;                  ///< before the interval is believed
  Seconds idle{2};                      ///< idle window with the device held; 0: none
  std::optional<int64_t> fixed_passes;  ///< the published protocol: exactly that many passes in a window
  int fixed_windows = 1;                ///< how often, with fixed_passes; more than one gives an interval
  std::optional<double> cool_to_c;      ///< wait between windows until the device is not warmer, at most a minute
};

/// One timed stretch of passes, as it was metered.
struct Window {
  int64_t passes = 0;
  Seconds time;                ///< as the runner saw it
  Seconds wall;                ///< between the reads of the meters
  std::vector<Joules> energy;  ///< of each meter; idle included
  DeviceState state;           ///< of the first meter that tells, at the end
};

/// What became of one task.
struct Measured {
  std::vector<Measurement> rows;  ///< one for each meter, in their order; each with idle included. None when it failed.
  std::vector<Window> windows;
  std::vector<std::string> remarks;     ///< counter and integral disagree, throttled, budget ended first, ...
  std::optional<double> rotated_bytes;  ///< as Runner
  std::string failure;                  ///< why there is no figure
  bool meter_gone = false;              ///< the failure is the meter's: other tasks would meet it too
  bool interrupted = false;             ///< not its fault: another task of the group took the runner down; try again
};

/// Where a measurement stands; called between windows. Returns false to stop early with what there is.
struct Progress {
  size_t task = 0, tasks = 0;
  int64_t windows = 0;
  double relative_half_width = 0;  ///< of the interval so far; NaN before there is one
};
using ProgressCallback = std::function<bool(const Progress&)>;

/// Measures tasks by turns: a window of each, again and again, so that slow changes of the machine meet all alike. Fills what
/// it knows of each row: workload, engine, dtype, energy_j with its interval, time_s, idle_power_w, windows, repetitions, scope,
/// meter, method, conditions. The caller adds hardware, data set, row, kind, block. Without a meter the rows have a time only.
/// A task that fails is a result, also when a meter is gone: what was done before stays.
std::vector<Measured> measure(std::span<const Task> tasks, Runner& runner, const Preparation& preparation,
                              std::span<Meter* const> meters, const Protocol& protocol, Clock& clock,
                              const ProgressCallback& progress = {});

}  // namespace wattlayer
