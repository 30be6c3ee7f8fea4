#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/meter/machine.h"
#include "wattlayer/meter/meter_source.h"

namespace wattlayer::cli {

/// What reading a meter for a while showed.
struct MeterProbe {
  std::optional<Seconds> refresh_interval;  ///< median time between two changes; absent for fewer than three changes
  std::optional<Seconds> read_cost;         ///< of one read, median; absent where none went well
  std::optional<Watts> power;               ///< mean; absent where the meter failed
  std::string failure;
};

/// One domain of one source.
struct MeterFinding {
  std::string name;  ///< rapl:packages
  MeterDomain domain;
  std::optional<MeterProbe> probe;
};

/// All that `wattlayer check` says.
struct MeterFindings {
  Machine machine;
  std::vector<MeterFinding> meters;
  std::vector<std::string> taken;                            ///< names of those that a measurement takes when none is named
  std::vector<std::pair<std::string, std::string>> missing;  ///< source without a domain, and what would have to be there
  std::vector<std::string> advice;                           ///< a sentence each, most important first

  bool can_measure() const;
};

/// Looks at every source. With a probe time it also reads each meter that can be read for as long.
MeterFindings look_for_meters(const MeterPlace& place, Seconds probe);

}  // namespace wattlayer::cli
