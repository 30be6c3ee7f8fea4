#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/counted_meter.h"
#include "wattlayer/meter/hwmon_chip.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

constexpr Seconds longest_stillness{10};  // drivers refresh energy as rarely as once a second
constexpr double usual_interval_s = 1;    // where the driver does not tell: the slowest that is common
constexpr double shortest_poll_s = 0.02;

/// What a chip's sensor stands for.
struct Meaning {
  std::string scope, what;
  bool chosen = false;
  std::string counter;  ///< lock beside the chip's own: another way to the same counter
};

bool has(const std::string& text, const char* word) { return text.find(word) != text.npos; }

std::string digits_of(const std::string& label) {
  const size_t at = label.find_last_not_of("0123456789");
  return at == label.npos ? label : label.substr(at + 1);
}

Meaning meaning_of(const HwmonChip& chip, const HwmonSensor& sensor) {
  if (chip.name == "amdgpu") return {"gpu-board", "AMD graphics board", true, "pci:" + chip.device};
  if (chip.name == "i915" || chip.name == "xe") {
    const bool card = sensor.label == "card" || sensor.label == "energy1";
    return {card ? "gpu-board" : "gpu-package", "Intel graphics board", card, "pci:" + chip.device};
  }
  if (chip.name == "nouveau") return {"gpu-board", "NVIDIA board under nouveau", true, "pci:" + chip.device};
  if (chip.name == "amd_energy") {
    const bool socket = sensor.label.starts_with("Esocket");
    return {socket ? "cpu-package" : "core-rail", "AMD processor", false, "rapl:package-" + digits_of(sensor.label)};
  }
  if (chip.name == "power_meter" && has(sensor.label, "Grace")) return {"cpu-package", "NVIDIA Grace with its memory", true, ""};
  if (chip.name == "power_meter" && has(sensor.label, "Module"))
    return {"module", "NVIDIA Grace module, GPU included", false, ""};
  if (chip.name == "power_meter" && has(sensor.label, "CPU")) return {"core-rail", "cores of NVIDIA Grace", false, ""};
  if (chip.name == "power_meter") return {"board", "ACPI power meter", false, ""};
  return {"board", "sensor of " + chip.name, false, ""};
}

struct Found {
  std::string name;  ///< domain
  HwmonChip chip;
  HwmonSensor sensor;
  Meaning meaning;
};

std::string slug(const std::string& label) {
  std::string text;
  for (const char c : label)
    text += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  return text;
}

std::vector<Found> find_sensors(const std::filesystem::path& root) {
  const std::vector<HwmonChip> chips = read_hwmon(root);
  std::vector<Found> all;
  std::set<std::string> names;
  for (const HwmonChip& chip : chips)
    for (const HwmonSensor& sensor : chip.sensors) {
      const bool alone = std::count_if(chips.begin(), chips.end(), [&](auto& c) { return c.name == chip.name; }) == 1;
      const bool labelled = sensor.label.size() > 6;  // else `power1`, which several chips have
      const std::string device = alone || labelled ? std::string() : fmt::format("@{}", slug(chip.device));
      std::string name = fmt::format("{}{}.{}", chip.name, device, slug(sensor.label));
      if (!names.insert(name).second) names.insert(name += fmt::format("@{}", chip.address));
      all.push_back({name, chip, sensor, meaning_of(chip, sensor)});
    }
  return all;
}

double interval_s(const HwmonSensor& sensor) { return sensor.interval_s > 0 ? sensor.interval_s : usual_interval_s; }

std::string obstacle_of(const Found& found) {
  const SystemText line = read_line(found.sensor.file);
  if (line.error == EACCES || line.error == EPERM)
    return fmt::format("only root may read {0}; until the next start: sudo chmod a+r {0}", found.sensor.file.string());
  if (line.error)
    return fmt::format("cannot read {}: {}; the device may be asleep", found.sensor.file.string(), std::strerror(line.error));
  if (line.text == "0")
    return fmt::format("{} reads 0: the chip has the sensor but does not measure", found.sensor.file.string());
  return "";
}

MeterDomain domain_of(const Found& found) {
  MeterDomain domain{.name = found.name,
                     .scope = found.meaning.scope,
                     .method = found.sensor.counts_energy ? "counter" : "integrated",
                     .what = fmt::format("{}, {} of {}", found.meaning.what, found.sensor.label, found.chip.device),
                     .refresh_interval = Seconds{interval_s(found.sensor)},
                     .resolution = {found.sensor.counts_energy ? 1e-6 : 0},
                     .device = found.meaning.counter.empty() ? "hwmon:" + found.chip.device + ":" + slug(found.sensor.label)
                                                             : found.meaning.counter,
                     .obstacle = obstacle_of(found),
                     .chosen_by_default = found.meaning.chosen};
  if (found.sensor.interval_s == 0)
    domain.remarks.push_back("the driver does not tell how often it refreshes; a second is assumed");
  return domain;
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  std::vector<MeterDomain> all;
  for (const Found& found : find_sensors(place.root)) all.push_back(domain_of(found));
  return all;
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  std::vector<std::string> known;
  for (const Found& found : find_sensors(place.root)) {
    known.push_back("hwmon:" + found.name);
    if (found.name != name) continue;
    const MeterDomain domain = domain_of(found);
    if (!domain.obstacle.empty()) throw Error(ErrorKind::unavailable, fmt::format("hwmon:{}: {}", name, domain.obstacle));
    MeterInfo info{.meter = "hwmon",
                   .domain = domain.name,
                   .scope = domain.scope,
                   .method = domain.method,
                   .device = domain.device,
                   .resolution = domain.resolution,
                   .refresh_interval = domain.refresh_interval,
                   .facts = {{"hwmon.chip", found.chip.name}, {"hwmon.device", found.chip.device}},
                   .remarks = domain.remarks};
    const std::filesystem::path file = found.sensor.file;
    const auto raw = [file] { return require_number(file); };
    if (found.sensor.counts_energy)
      return std::make_unique<CountedMeter>(std::move(info), *place.clock,
                                            EnergyCounter(1e-6, 0, {.most = {3000}, .slack = {3000 * interval_s(found.sensor)}}),
                                            longest_stillness, raw);
    info.poll_interval = Seconds{std::clamp(interval_s(found.sensor) / 2, shortest_poll_s, 0.1)};
    return std::make_unique<SampledMeter>(std::move(info), *place.clock,
                                          [raw] { return Watts{static_cast<double>(raw()) * 1e-6}; });
  }
  if (known.empty())
    throw Error(ErrorKind::unavailable, fmt::format("hwmon:{}: no chip in /sys/class/hwmon measures energy or power", name));
  throw Error(ErrorKind::invalid_input, fmt::format("hwmon:{} is not there; known: {}", name, fmt::join(known, ", ")));
}

}  // namespace

const MeterSource& hwmon_meter() {
  static const MeterSource source{
      .name = "hwmon",
      .summary = "energy and power sensors of the kernel's drivers: AMD and Intel graphics, NVIDIA Grace, boards",
      .absent = "no chip in /sys/class/hwmon measures energy or power",
      .domains = domains,
      .open = open};
  return source;
}

}  // namespace wattlayer
