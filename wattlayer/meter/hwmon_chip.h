#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace wattlayer {

/// A sensor of energy or power of a hardware-monitoring chip.
struct HwmonSensor {
  std::string label;           ///< as the driver labels it; `power1` without a label
  std::filesystem::path file;  ///< energyN_input (µJ), powerN_average or powerN_input (µW)
  bool counts_energy = false;
  double interval_s = 0;  ///< of averaging or updating; 0: not told
};

/// A chip of /sys/class/hwmon with such a sensor.
struct HwmonChip {
  std::string name;     ///< of its driver: amdgpu, power_meter, ...
  std::string device;   ///< what it sits on: 0000:03:00.0; its own folder's name where it says nothing
  std::string address;  ///< hwmon3
  std::vector<HwmonSensor> sensors;
};

/// Chips below root/sys/class/hwmon that measure energy or power. A chip that counts energy is not read by power too.
std::vector<HwmonChip> read_hwmon(const std::filesystem::path& root);

}  // namespace wattlayer
