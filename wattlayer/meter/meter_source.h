#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/meter.h"

namespace wattlayer {

class SimulatedDevice;

/// Where meters are looked for, and what some of them must be told. All of it has a default that is right on an ordinary machine.
struct MeterPlace {
  std::filesystem::path root = "/";  ///< of /sys, /proc, /dev: a mounted host tree in a container, a recorded tree in a test
  std::map<std::string, std::string> settings;  ///< `nvml.library`, `nvml.gain`, `nvml.offset`, `constant.watts`, `csv.file`, ...
  Clock* clock = nullptr;                       ///< never null when a meter is opened; outlives the meter
  SimulatedDevice* device = nullptr;            ///< what the fake meter measures; null: there is no fake meter
};

/// One thing that a source could measure on this machine.
struct MeterDomain {
  std::string name;    ///< package-0, 0, VDD_GPU, ...
  std::string scope;   ///< as MeterInfo
  std::string method;  ///< as MeterInfo
  std::string what;    ///< for the reader: `Intel(R) Xeon(R) Gold 5120, socket 0`
  std::optional<Seconds> refresh_interval;
  Joules resolution;
  std::string device;                ///< as MeterInfo: the counters behind it
  std::string obstacle;              ///< why it cannot be opened now, and the command that changes that; empty when it can
  std::vector<std::string> remarks;  ///< a sentence each
  bool chosen_by_default =
      false;  ///< part of a measurement when no meter is named: top-level domains that hold no other's energy twice
};

/// A kind of meter: one file in meter/sources that defines `const MeterSource& NAME_meter()`; CMake lists them.
struct MeterSource {
  std::string_view name;
  std::string_view summary;  ///< one line for `wattlayer check`: what it reads
  std::string_view absent;   ///< one line when domains() is empty: what would have to be there
  /// What this machine has; empty when it has nothing, never an exception.
  std::vector<MeterDomain> (*domains)(const MeterPlace& place);
  /// Opens one. Throws Error(unavailable) with the fix, Error(invalid_input) for a domain that is not there.
  std::unique_ptr<Meter> (*open)(const MeterPlace& place, std::string_view domain);
  std::string_view settings = {};  ///< names of the settings it reads, comma-separated
};

/// All kinds of meter, in the order of their names.
std::span<const MeterSource* const> meter_sources();

/// Opens `rapl:package-0,nvml:0`. A source's name alone opens its default domains. Throws Error(invalid_input) that lists what is
/// there, Error(unavailable) with the fix.
std::vector<std::unique_ptr<Meter>> open_meters(const MeterPlace& place, std::string_view names);

/// Throws Error(invalid_input) for a setting that no source reads. A setting's name may go on with `.` and the device that it is
/// for: `nvml.gain.GPU-...`.
void check_settings(const MeterPlace& place);

/// Names of the default domains that can be opened, each counter once: where two ways lead to one, the first counts.
std::vector<std::string> default_meter_names(const MeterPlace& place);

/// The meters that a measurement takes when none is named: all default domains that can be opened, never a modelled one. Throws
/// Error(unavailable) that names each obstacle when there is none.
std::vector<std::unique_ptr<Meter>> open_default_meters(const MeterPlace& place);

}  // namespace wattlayer
