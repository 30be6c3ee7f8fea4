#include "wattlayer/meter/processor_state.h"

#include <algorithm>

#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

void find_temperatures(const std::filesystem::path& hwmon, std::vector<std::filesystem::path>& found) {
  for (const std::string& name : names_in(hwmon)) {
    const std::string chip = line_of(hwmon / name / "name").value_or("");
    // temp1 is the package on coretemp and Tctl on k10temp.
    if (chip == "coretemp" || chip == "k10temp") found.push_back(hwmon / name / "temp1_input");
  }
}

}  // namespace

ProcessorState::ProcessorState(const std::filesystem::path& root) {
  const std::filesystem::path cpus = root / "sys/devices/system/cpu";
  for (const std::string& name : names_in(cpus)) {
    if (!name.starts_with("cpu") || name.find_first_not_of("0123456789", 3) != name.npos || name.size() == 3) continue;
    if (number_of(cpus / name / "cpufreq/scaling_cur_freq")) clocks_.push_back(cpus / name / "cpufreq/scaling_cur_freq");
    for (const char* count : {"core_throttle_count", "package_throttle_count"})
      if (number_of(cpus / name / "thermal_throttle" / count))
        throttle_counts_.push_back(cpus / name / "thermal_throttle" / count);
  }
  find_temperatures(root / "sys/class/hwmon", temperatures_);
  if (temperatures_.empty())
    for (const std::string& zone : names_in(root / "sys/class/thermal"))
      if (zone.starts_with("thermal_zone")) temperatures_.push_back(root / "sys/class/thermal" / zone / "temp");
  throttled_before_ = throttled();
}

uint64_t ProcessorState::throttled() const {
  uint64_t count = 0;
  for (const auto& file : throttle_counts_) count += number_of(file).value_or(0);
  return count;
}

DeviceState ProcessorState::read() {
  DeviceState state;
  double sum = 0;
  int clocks = 0;
  for (const auto& file : clocks_)
    if (const auto khz = number_of(file)) sum += static_cast<double>(*khz) * 1e3, ++clocks;
  if (clocks > 0) state.clock_hz = sum / clocks;
  for (const auto& file : temperatures_)
    if (const auto millidegrees = number_of(file))
      state.temperature_c = std::max(state.temperature_c.value_or(0), static_cast<double>(*millidegrees) / 1e3);
  if (throttle_counts_.empty()) return state;
  const uint64_t now = throttled();
  state.throttle.emplace();
  if (now > throttled_before_) state.throttle->emplace_back("thermal");
  throttled_before_ = now;
  return state;
}

}  // namespace wattlayer
