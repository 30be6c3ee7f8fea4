#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_type.h"

namespace wattlayer {

/// One level of the memory hierarchy; the last one is the main memory.
struct MemoryLevel {
  std::string name;  ///< L1, L2, L3, DRAM, HBM
  double bytes = 0;  ///< of one unit
  double units = 1;
  std::optional<double> bandwidth_bytes_per_s;  ///< of all units together
};

/// A device as its description file states it: peaks, bandwidth, memory levels, power; each number with a source.
struct Hardware {
  std::string id;  ///< file name without .json
  std::string name;
  std::string kind;                             ///< cpu, gpu or soc
  double compute_units = 1;                     ///< cores, SMs or CUs in use
  std::map<DataType, double> peak_flops;        ///< dense, floating-point operations per second (a MAC is two)
  std::optional<double> vector_flops;           ///< f32 outside matrix units
  std::optional<double> bandwidth_bytes_per_s;  ///< of main memory
  std::vector<MemoryLevel> memory;              ///< innermost first
  std::optional<double> tdp_w;
  std::optional<double> idle_w;
  std::optional<double> clock_hz;
  std::string scope;                           ///< what its energy figures cover unless a measurement says otherwise
  std::map<std::string, std::string> sources;  ///< field -> where the figure is from

  /// Peak for a data type; falls back to the nearest wider type that is listed.
  double peak(DataType type) const;
};

/// Reads a description file's text. Throws Error(invalid_input) naming the field.
Hardware parse_hardware(std::string_view json, std::string_view id);

}  // namespace wattlayer
