#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cli/meter_options.h"
#include "wattlayer/bench/runner.h"
#include "wattlayer/meter/meter_lock.h"

namespace wattlayer::cli {

/// Meters that are open, and locked against other measurements.
struct OpenMeters {
  std::vector<std::unique_ptr<Meter>> owned;
  std::vector<MeterLock> locks;
  std::vector<Meter*> meters;
  std::string absence;  ///< why there is none and how to get one; empty when there are some or `--meter none` wants none
  std::vector<std::string> remarks;
};

/// Opens what the user named, or the default meters; the fake one beside a simulated device. No default meter is an absence, a
/// named one that cannot be opened throws.
OpenMeters open_and_lock(const MeterOptions& options, const MeterPlace& place);
/// The same for what a runner does on a device: boards are those that match_boards leaves.
OpenMeters open_and_lock(const MeterOptions& options, const MeterPlace& place, const RunnerInfo& runner,
                         const std::string& device);

}  // namespace wattlayer::cli
