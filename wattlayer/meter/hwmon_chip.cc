#include "wattlayer/meter/hwmon_chip.h"

#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

namespace fs = std::filesystem;

/// `power1` of `power1_average` for that ending; empty for another file.
std::string sensor_of(const std::string& file, const std::string& kind, const std::string& ending) {
  if (!file.starts_with(kind) || !file.ends_with(ending)) return "";
  const std::string number = file.substr(kind.size(), file.size() - kind.size() - ending.size());
  return number.empty() || number.find_first_not_of("0123456789") != number.npos ? "" : kind + number;
}

/// The label of the driver, or the one that firmware of NVIDIA Grace gives.
std::string label_of(const fs::path& chip, const std::string& sensor) {
  for (const fs::path& file :
       {chip / (sensor + "_label"), chip / (sensor + "_oem_info"), chip / "device" / (sensor + "_oem_info")})
    if (const auto label = line_of(file); label && !label->empty()) return *label;
  return sensor;
}

double interval_of(const fs::path& chip, const std::string& sensor) {
  for (const fs::path& file :
       {chip / (sensor + "_average_interval"), chip / "device" / (sensor + "_average_interval"), chip / "update_interval"})
    if (const auto milliseconds = number_of(file)) return static_cast<double>(*milliseconds) / 1e3;
  return 0;
}

}  // namespace

std::vector<HwmonChip> read_hwmon(const fs::path& root) {
  std::vector<HwmonChip> chips;
  const fs::path folder = root / "sys/class/hwmon";
  for (const std::string& address : names_in(folder)) {
    HwmonChip chip{.name = line_of(folder / address / "name").value_or(""), .device = address, .address = address};
    if (chip.name.empty()) continue;
    std::error_code error;
    const fs::path link = fs::read_symlink(folder / address / "device", error);
    if (!error) chip.device = link.filename().string();
    // ACPI power meters keep their files with the device.
    for (const fs::path& at : {folder / address, folder / address / "device"}) {
      std::vector<HwmonSensor> energy, power;
      for (const std::string& file : names_in(at)) {
        if (const std::string s = sensor_of(file, "energy", "_input"); !s.empty())
          energy.push_back({label_of(folder / address, s), at / file, true, 0});
        std::string s = sensor_of(file, "power", "_average");
        if (s.empty()) s = sensor_of(file, "power", "_input");
        if (s.empty() || (file.ends_with("_input") && fs::exists(at / (s + "_average"), error))) continue;
        power.push_back({label_of(folder / address, s), at / file, false, interval_of(folder / address, s)});
      }
      chip.sensors = energy.empty() ? power : energy;
      if (!chip.sensors.empty()) break;
    }
    if (!chip.sensors.empty()) chips.push_back(std::move(chip));
  }
  return chips;
}

}  // namespace wattlayer
