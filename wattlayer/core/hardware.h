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
  std::string memory_type;                      ///< HBM2e, GDDR6X, LPDDR4X, DDR4, ...; empty: not known
  std::optional<double> tdp_w;
  std::optional<double> power_limit_w;  ///< default limit of the board's power controller, where it is not tdp_w
  std::optional<double> idle_w;
  std::optional<double> clock_hz;                  ///< at which the peaks hold
  std::optional<double> process_nm;                ///< process generation of the compute die
  std::optional<int> year;                         ///< of its release
  std::optional<bool> matrix_units;                ///< it has units for matrix products (tensor cores, AMX, ...)
  std::map<double, double> idle_w_by_clock_mhz;    ///< measured idle power at locked clocks
  std::map<double, double> supply_v_by_clock_mhz;  ///< measured supply voltage at locked clocks
  std::string scope;                               ///< what its energy figures cover unless a measurement says otherwise
  std::map<std::string, std::string> sources;      ///< field -> where the figure is from

  bool on_processor =
      true;  ///< networks run on processor cores; false: on a GPU. `computes_on` of the file; by kind where absent

  /// Peak for a data type; falls back to the nearest wider type that is listed.
  double peak(DataType type) const;

  /// Idle power at a clock, between the measured clocks in proportion, outside them as at the nearest; `idle_w` where no
  /// clocks were measured, nothing where that is not known either.
  std::optional<double> idle_w_at(double hz) const;

  /// Supply voltage at a clock divided by that at `clock_hz` (at the highest measured clock without it); nothing where no
  /// voltage was measured.
  std::optional<double> relative_voltage(double hz) const;
};

/// Reads a description file's text. Throws Error(invalid_input) naming the field.
Hardware parse_hardware(std::string_view json, std::string_view id);

}  // namespace wattlayer
