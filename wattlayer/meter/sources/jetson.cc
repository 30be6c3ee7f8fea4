#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/processor_state.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

namespace fs = std::filesystem;

// TI INA3221 data sheet: three channels, shunt and bus, 1.1 ms each after a reset.
constexpr Seconds usual_refresh{0.0066};
constexpr Seconds poll_every{0.05};  // a reading takes the I2C bus for most of a millisecond
constexpr std::array totals = {"VDD_IN", "POM_5V_IN"};

/// One rail: power in mW, or mV and mA.
struct Rail {
  std::string name;
  fs::path milliwatts, millivolts, milliamperes;
  Seconds refresh = usual_refresh;
};

std::optional<fs::path> first_existing(std::initializer_list<fs::path> files) {
  for (const fs::path& file : files)
    if (read_line(file).error != ENOENT) return file;
  return {};
}

/// JetPack 5 and newer: an hwmon folder with inK_label, inK_input in mV, currK_input in mA.
void add_new_layout(const fs::path& chip, std::vector<Rail>& rails) {
  Seconds refresh = usual_refresh;
  if (const auto milliseconds = number_of(chip / "update_interval"))
    refresh = {std::max(0.001, static_cast<double>(*milliseconds) / 1e3)};
  for (int k = 1; k <= 3; ++k) {  // in4 to in7 are shunts and their sum
    const auto label = line_of(chip / fmt::format("in{}_label", k));
    const auto current = first_existing({chip / fmt::format("curr{}_input", k)});
    if (label && *label != "NC" && !label->empty() && current)
      rails.push_back({*label, {}, chip / fmt::format("in{}_input", k), *current, refresh});
  }
}

/// JetPack 4: an iio folder with rail_name_K, in_powerK_input in mW, or voltage and current.
void add_old_layout(const fs::path& chip, std::vector<Rail>& rails) {
  for (int k = 0; k <= 2; ++k) {
    const auto label = line_of(chip / fmt::format("rail_name_{}", k));
    if (!label || *label == "NC" || label->empty()) continue;
    Rail rail{.name = *label};
    if (const auto power = first_existing({chip / fmt::format("in_power{}_input", k)})) rail.milliwatts = *power;
    else
      rail.millivolts = chip / fmt::format("in_voltage{}_input", k),
      rail.milliamperes = chip / fmt::format("in_current{}_input", k);
    rails.push_back(rail);
  }
}

std::vector<Rail> find_rails(const fs::path& root) {
  std::vector<Rail> rails;
  for (const char* driver : {"ina3221", "ina3221x"}) {
    const fs::path folder = root / "sys/bus/i2c/drivers" / driver;
    for (const std::string& device : names_in(folder)) {
      if (device.find('-') == device.npos) continue;  // bus-address; the others are the driver's own files
      for (const std::string& hwmon : names_in(folder / device / "hwmon"))
        add_new_layout(folder / device / "hwmon" / hwmon, rails);
      for (const std::string& name : names_in(folder / device))
        if (name.starts_with("iio:device")) add_old_layout(folder / device / name, rails);
    }
  }
  std::map<std::string, int> seen;
  for (Rail& rail : rails) {
    std::replace(rail.name.begin(), rail.name.end(), ',', '_');
    std::replace(rail.name.begin(), rail.name.end(), ' ', '_');
    if (const int again = seen[rail.name]++) rail.name += fmt::format("_{}", again + 1);
  }
  return rails;
}

bool is_total(const std::string& name) { return std::find(totals.begin(), totals.end(), name) != totals.end(); }

/// What can be metered: each rail, and the sum where no rail is the board's supply.
struct Group {
  std::string name, scope, what;
  std::vector<Rail> rails;
  bool chosen = false;
};

std::string scope_of_rail(const std::string& name) {
  const auto has = [&](const char* word) { return name.find(word) != name.npos; };
  if (is_total(name)) return "board";
  if (has("GPU") && has("SOC")) return "gpu-soc-rail";
  if (has("CPU") && has("GPU")) return "cpu-gpu-rail";
  if (has("GPU")) return "gpu-rail";
  if (has("CPU")) return "cpu-rail";
  if (has("DDR") || has("VDDQ") || has("VDDRQ")) return "dram-rail";
  return "rail";
}

std::vector<Group> groups_of(const std::vector<Rail>& rails) {
  std::vector<Group> groups;
  const bool has_total = std::any_of(rails.begin(), rails.end(), [](auto& r) { return is_total(r.name); });
  if (!has_total && rails.size() > 1)
    groups.push_back(
        {"rails", "board", fmt::format("sum of {} rails; the carrier board is not in it", rails.size()), rails, true});
  for (const Rail& rail : rails) {
    const bool total = is_total(rail.name);
    groups.push_back(
        {rail.name, scope_of_rail(rail.name), total ? "supply of the whole board" : "one rail of the board", {rail}, total});
  }
  std::stable_partition(groups.begin(), groups.end(), [](const Group& g) { return g.chosen; });
  return groups;
}

/// The shunts are signed: an idle rail may read a few milliamperes below 0, which is none.
Watts power_of(const Rail& rail) {
  const auto number = [](const fs::path& file) { return static_cast<double>(require_signed_number(file)); };
  if (!rail.milliwatts.empty()) return {std::max(0.0, number(rail.milliwatts) * 1e-3)};
  return {std::max(0.0, number(rail.millivolts) * number(rail.milliamperes) * 1e-6)};
}

std::string obstacle_of(const Group& group) {
  for (const Rail& rail : group.rails)
    for (const fs::path& file : {rail.milliwatts, rail.millivolts, rail.milliamperes}) {
      if (file.empty()) continue;
      const int error = read_line(file).error;
      if (error == EACCES || error == EPERM)
        return fmt::format("only root may read {0}; until the next start: sudo chmod a+r {1}/*", file.string(),
                           file.parent_path().string());
      if (error) return fmt::format("cannot read {}: {}", file.string(), std::strerror(error));
    }
  return "";
}

MeterDomain domain_of(const Group& group) {
  std::vector<std::string> counters;
  for (const Rail& rail : group.rails) counters.push_back("jetson:" + rail.name);
  return {.name = group.name,
          .scope = group.scope,
          .method = "integrated",
          .what = "INA3221, " + group.what,
          .refresh_interval = group.rails.front().refresh,
          .device = fmt::format("{}", fmt::join(counters, ",")),
          .obstacle = obstacle_of(group),
          .chosen_by_default = group.chosen};
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  std::vector<MeterDomain> all;
  for (const Group& group : groups_of(find_rails(place.root))) all.push_back(domain_of(group));
  return all;
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  std::vector<std::string> known;
  for (const Group& group : groups_of(find_rails(place.root))) {
    known.push_back("jetson:" + group.name);
    if (group.name != name) continue;
    const MeterDomain domain = domain_of(group);
    if (!domain.obstacle.empty()) throw Error(ErrorKind::unavailable, fmt::format("jetson:{}: {}", name, domain.obstacle));
    MeterInfo info{.meter = "jetson",
                   .domain = domain.name,
                   .scope = domain.scope,
                   .method = domain.method,
                   .device = domain.device,
                   .refresh_interval = domain.refresh_interval,
                   .poll_interval = poll_every,
                   .facts = {{"board", line_of(place.root / "proc/device-tree/model").value_or("")}},
                   .remarks = domain.remarks};
    std::erase(info.facts["board"], '\0');
    const auto sample = [rails = group.rails] {
      Watts sum{0};
      for (const Rail& rail : rails) sum += power_of(rail);
      return sum;
    };
    auto state = std::make_shared<ProcessorState>(place.root);
    return std::make_unique<SampledMeter>(std::move(info), *place.clock, sample, [state] { return state->read(); });
  }
  if (known.empty()) throw Error(ErrorKind::unavailable, fmt::format("jetson:{}: no INA3221 below /sys/bus/i2c/drivers", name));
  throw Error(ErrorKind::invalid_input, fmt::format("jetson:{} is not there; known: {}", name, fmt::join(known, ", ")));
}

}  // namespace

const MeterSource& jetson_meter() {
  static const MeterSource source{.name = "jetson",
                                  .summary = "NVIDIA Jetson boards: the INA3221 power monitors",
                                  .absent = "no INA3221 below /sys/bus/i2c/drivers: not a Jetson board",
                                  .domains = domains,
                                  .open = open};
  return source;
}

}  // namespace wattlayer
