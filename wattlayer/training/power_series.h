#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// Samples of a node's watt-meter, time rising.
struct PowerSeries {
  std::vector<double> time_s;  ///< since 1970, or since whatever the file counts from
  std::vector<double> power_w;

  double usual_step_s() const;  ///< median time between samples; 0 for fewer than two
};

/// Energy between two times: a straight line between samples, also at the ends.
struct IntegratedPower {
  enum class Fault { none, missing, zero };
  Fault fault = Fault::none;  ///< `missing`: a gap, or no sample before or after; `zero`: a sample of 0 W or less
  double energy_j = 0;        ///< where there is no fault
};

/// `longest_gap_s`: a longer time between two samples is a gap.
IntegratedPower integrate(const PowerSeries& series, double from_s, double to_s, double longest_gap_s);

/// Seconds from a number or from a date and time (`2021-05-01T12:30:00`, a blank for the T, Z or not; taken as UTC). Throws
/// Error(invalid_input).
double parse_time(std::string_view text);

/// Reads a table with the columns node, time and power_w (or power). Throws Error(invalid_input) naming the line: for texts that
/// are no numbers, times of a node that fall or repeat.
std::map<std::string, PowerSeries> read_power(std::string_view csv);

}  // namespace wattlayer
