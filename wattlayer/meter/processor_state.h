#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Clock, temperature and throttling of the processors below /sys: cpufreq, coretemp or k10temp or else the thermal zones,
/// thermal_throttle.
class ProcessorState {
 public:
  explicit ProcessorState(const std::filesystem::path& root);
  /// Mean clock, highest temperature; `thermal` where a core or package was slowed since the last call.
  DeviceState read();

 private:
  uint64_t throttled() const;

  std::vector<std::filesystem::path> clocks_, temperatures_, throttle_counts_;
  uint64_t throttled_before_ = 0;
};

}  // namespace wattlayer
