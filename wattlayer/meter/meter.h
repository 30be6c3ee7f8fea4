#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// What is known of a meter before its first read.
struct MeterInfo {
  std::string meter;   ///< name of the source: rapl, nvml, ...
  std::string domain;  ///< what of it: package-0, 0 (device number), VDD_GPU, ...
  std::string scope;   ///< gpu-board, cpu-package, dram, board, wall, ...
  std::string method;  ///< counter, integrated or modelled
  /// Identifies the physical counters across processes, key of the lock: `nvml:GPU-uuid`; several are comma-separated
  /// (`rapl:package-0,rapl:package-1`). Empty: nothing to lock.
  std::string device;
  Joules resolution;                        ///< smallest step of read(); 0 where unknown
  std::optional<Seconds> refresh_interval;  ///< as documented for the sensor; the protocol finds the real one
  /// The sensor reports the mean of that long, so what came before still shows; absent: not longer than a refresh.
  std::optional<Seconds> averaging_window;
  std::optional<Seconds> poll_interval;      ///< poll() must be called at least this often; absent: never
  std::optional<Watts> stated_power;         ///< of a modelled meter whose energy is nothing but this times time
  bool waits = false;                        ///< a read waits for an outside log, which may take seconds
  std::map<std::string, std::string> facts;  ///< driver, board, firmware, correction: goes to a measurement's conditions
  std::vector<std::string> remarks;          ///< what a reader of its figures must know, a sentence each

  std::string name() const { return meter + ":" + domain; }
};

/// State of the metered device at one moment. What the source does not tell is absent, never 0.
struct DeviceState {
  std::optional<double> clock_hz, memory_clock_hz, temperature_c, power_limit_w;
  /// Reasons that slow the device now: `power cap`, `thermal`, ...; idle is none. Absent where nobody tells.
  std::optional<std::vector<std::string>> throttle;
};

/// An energy counter of one physical domain. read() never goes backwards: each implementation unwraps its own counter.
/// read(), poll() and state() may be called from different threads.
class Meter {
 public:
  virtual ~Meter() = default;
  virtual const MeterInfo& info() const = 0;
  /// Energy since it was opened. Throws Error(unavailable) that says what happened and what to do when the source is gone, was
  /// reset or cannot be trusted any more.
  virtual Joules read() = 0;
  /// The same for the start of a window, when the device is at rest: energy at the moment this returns, where read() means the
  /// moment it is called. They differ only for a meter that must wait for an external log.
  virtual Joules read_start() { return read(); }
  /// A new measurement starts: remarks() tells of what happens from now on.
  virtual void begin() {}
  /// Takes a power sample, or reads a counter before it can wrap twice. Errors are kept for the next read().
  virtual void poll() {}
  virtual DeviceState state() { return {}; }
  /// info().remarks and what has happened in windows since begin(): gaps between samples, a counter that was not read in time.
  virtual std::vector<std::string> remarks() { return info().remarks; }
};

}  // namespace wattlayer
