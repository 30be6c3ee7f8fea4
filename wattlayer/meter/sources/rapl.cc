#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/counter.h"
#include "wattlayer/meter/machine.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/processor_state.h"
#include "wattlayer/meter/rapl_tree.h"
#include "wattlayer/meter/reading_gaps.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

constexpr Seconds refresh{0.001};  // Intel SDM volume 3, 15.10.1: about every millisecond
constexpr Seconds longest_stillness{1};

constexpr const char* all_hidden =
    "this container hides the counters; start it with -v /sys:/host/sys:ro -v /proc:/host/proc:ro and add --root /host";

/// A domain and the zones that it adds up.
struct Group {
  std::string name, kind;
  std::vector<RaplZone> zones;
  bool chosen = false;
};

/// Sums over the sockets first: they are what a measurement takes.
std::vector<Group> groups_of(const RaplTree& tree) {
  Group packages{.name = "packages", .kind = "package", .chosen = true}, dram{.name = "dram", .kind = "dram", .chosen = true};
  std::vector<Group> groups;
  for (const RaplZone& zone : tree.zones) {
    if (zone.kind == "package") packages.zones.push_back(zone);
    if (zone.kind == "dram") dram.zones.push_back(zone);
    groups.push_back({zone.domain, zone.kind, {zone}});
  }
  for (const Group& sum : {dram, packages})
    if (!sum.zones.empty()) groups.insert(groups.begin(), sum);
  return groups;
}

std::string scope_of(const std::string& kind) {
  static const std::map<std::string, std::string> scopes = {
      {"package", "cpu-package"}, {"core", "core-rail"}, {"uncore", "uncore-rail"}, {"psys", "platform"}};
  const auto scope = scopes.find(kind);
  return scope == scopes.end() ? kind : scope->second;
}

std::string what_of(const Group& group) {
  std::vector<std::string> ids;
  for (const RaplZone& zone : group.zones) ids.push_back(zone.id);
  std::string zones = fmt::format("{}", fmt::join(ids, " + "));
  if (group.kind == "package") return "cores, caches and memory controller; " + zones;
  if (group.kind == "dram") return "memory, beside the packages; " + zones;
  if (group.kind == "core") return "cores only, inside the package; " + zones;
  if (group.kind == "uncore") return "graphics, inside the package; " + zones;
  if (group.kind == "psys") return "the whole board as the maker wired it; " + zones;
  return zones;
}

/// What to do where only root may read; the same for all zones, so that it is told once.
std::string permission_fix(const RaplTree& tree) {
  std::vector<std::string> ids;
  for (const RaplZone& zone : tree.zones) ids.push_back(zone.id);
  std::sort(ids.begin(), ids.end());
  return fmt::format(
      "only root may read the counters (since kernel 5.10); until the next start: sudo chmod a+r {}/*/energy_uj; for good: "
      "a line `mode class/powercap/ZONE/energy_uj = 0444` in /etc/sysfs.conf (package sysfsutils) for each ZONE of {}; or "
      "use the meter rapl-perf",
      tree.zones.front().counter.parent_path().parent_path().string(), fmt::join(ids, ", "));
}

/// Why a zone cannot be read now, with the command that changes that.
std::string obstacle_of(const RaplZone& zone, const RaplTree& tree) {
  const SystemText line = read_line(zone.counter);
  if (line.error == EACCES || line.error == EPERM) return permission_fix(tree);
  if (line.error) return fmt::format("cannot read {}: {}", zone.counter.string(), std::strerror(line.error));
  if (line.text == "0") return fmt::format("{} reads 0: the machine has the register but does not count", zone.counter.string());
  return "";
}

std::vector<std::string> remarks_of(const Group& group, const Machine& machine) {
  std::vector<std::string> remarks;
  if (machine.energy_filtering.value_or(false))
    remarks.push_back("Intel energy filtering is on (SGX or BIOS): readings carry added noise; use long windows");
  else if (machine.sgx && !machine.energy_filtering)
    remarks.push_back("SGX is enabled, so Intel energy filtering may add noise to the readings; use long windows");
  if (group.kind == "core" && machine.processor.find("AMD") != machine.processor.npos)
    remarks.push_back("some AMD processors report aberrant core energy; prefer packages");
  return remarks;
}

/// Reads energy_uj of its zones and adds them up.
class RaplMeter final : public Meter {
 public:
  RaplMeter(MeterInfo info, const Group& group, const MeterPlace& place)
      : info_(std::move(info)), clock_(*place.clock), state_(place.root), opened_(clock_.now()) {
    for (const RaplZone& zone : group.zones) {
      zones_.push_back({zone.counter, EnergyCounter(1e-6, zone.range_uj), zone.kind != "uncore" && zone.kind != "core"});
      if (const auto wrap = zones_.back().counter.wrap_time())
        info_.poll_interval = std::min(info_.poll_interval.value_or(*wrap / 2), *wrap / 2);
    }
    take_reading();
  }

  const MeterInfo& info() const override { return info_; }

  Joules read() override { return read_edge(&ReadingGaps::end); }
  Joules read_start() override { return read_edge(&ReadingGaps::start); }

  void begin() override {
    const std::lock_guard lock(mutex_);
    gaps_ = {};
  }

  void poll() override {
    const std::lock_guard lock(mutex_);
    try {
      if (fault_.empty()) take_reading();
      gaps_.poll(clock_.now());
    } catch (const Error& e) {
      fault_ = e.what();
    }
  }

  DeviceState state() override {
    const std::lock_guard lock(mutex_);
    return state_.read();
  }

  std::vector<std::string> remarks() override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all = info_.remarks;
    for (const Zone& zone : zones_) {
      if (zone.counter.total().value == 0 && clock_.now() - opened_ > longest_stillness)
        all.push_back(fmt::format("{} has not moved since it was opened: it is idle, or the machine does not count it",
                                  zone.file.parent_path().filename().string()));
    }
    const Seconds gap = gaps_.longest();
    if (info_.poll_interval && gap > *info_.poll_interval * 2)
      all.push_back(fmt::format("it was not read for {:.0f} s, in which it may have wrapped unseen", gap.value));
    return all;
  }

 private:
  struct Zone {
    std::filesystem::path file;
    EnergyCounter counter;
    bool must_move;
  };

  Joules read_edge(void (ReadingGaps::*edge)(Seconds)) {
    const std::lock_guard lock(mutex_);
    try {
      if (!fault_.empty()) throw Error(ErrorKind::unavailable, fault_);
      const Joules energy = take_reading();
      (gaps_.*edge)(clock_.now());
      return energy;
    } catch (const Error& e) {
      throw e.within(info_.name());
    }
  }

  Joules take_reading() {
    Joules sum{0};
    for (Zone& zone : zones_) {
      const uint64_t raw = require_number(zone.file);
      const Seconds now = clock_.now();
      sum += zone.counter.update(raw, now);
      if (zone.must_move) zone.counter.require_movement(now, longest_stillness);
    }
    return sum;
  }

  MeterInfo info_;
  Clock& clock_;
  ProcessorState state_;
  Seconds opened_;
  std::mutex mutex_;
  std::vector<Zone> zones_;
  ReadingGaps gaps_;
  std::string fault_;
};

MeterDomain domain_of(const Group& group, const RaplTree& tree, const Machine& machine) {
  MeterDomain domain{.name = group.name,
                     .scope = scope_of(group.kind),
                     .method = "counter",
                     .what = what_of(group),
                     .refresh_interval = refresh,
                     .remarks = remarks_of(group, machine),
                     .chosen_by_default = group.chosen};
  std::set<std::string> sockets;
  for (const RaplZone& zone : group.zones) {
    sockets.insert("rapl:" + zone.socket);
    domain.resolution = std::max(domain.resolution, Joules{zone.resolution_j()});
    if (domain.obstacle.empty()) domain.obstacle = obstacle_of(zone, tree);
  }
  domain.device = fmt::format("{}", fmt::join(sockets, ","));
  return domain;
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  const RaplTree tree = read_rapl_tree(place.root);
  if (tree.zones.empty() && tree.hidden)
    return {{.name = "packages",
             .scope = "cpu-package",
             .method = "counter",
             .what = "the packages of all sockets",
             .refresh_interval = refresh,
             .obstacle = all_hidden,
             .chosen_by_default = true}};
  const Machine machine = look_at_machine(place.root);
  std::vector<MeterDomain> all;
  for (const Group& group : groups_of(tree)) all.push_back(domain_of(group, tree, machine));
  return all;
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  const RaplTree tree = read_rapl_tree(place.root);
  const Machine machine = look_at_machine(place.root);
  std::vector<std::string> known;
  for (const Group& group : groups_of(tree)) {
    known.push_back("rapl:" + group.name);
    if (group.name != name) continue;
    const MeterDomain domain = domain_of(group, tree, machine);
    if (!domain.obstacle.empty()) throw Error(ErrorKind::unavailable, fmt::format("rapl:{}: {}", name, domain.obstacle));
    std::vector<std::string> ids;
    for (const RaplZone& zone : group.zones) ids.push_back(zone.id);
    MeterInfo info{.meter = "rapl",
                   .domain = group.name,
                   .scope = domain.scope,
                   .method = domain.method,
                   .device = domain.device,
                   .resolution = domain.resolution,
                   .refresh_interval = refresh,
                   .facts = {{"rapl.zones", fmt::format("{}", fmt::join(ids, " "))}},
                   .remarks = domain.remarks};
    return std::make_unique<RaplMeter>(std::move(info), group, place);
  }
  if (known.empty())
    throw Error(ErrorKind::unavailable,
                fmt::format("rapl:{}: {}", name, tree.hidden ? all_hidden : "no powercap tree here; `wattlayer check` says why"));
  throw Error(ErrorKind::invalid_input, fmt::format("rapl:{} is not there; known: {}", name, fmt::join(known, ", ")));
}

}  // namespace

const MeterSource& rapl_meter() {
  static const MeterSource source{
      .name = "rapl",
      .summary = "Intel and AMD processors: the kernel's powercap tree",
      .absent = "no zones in /sys/class/powercap; on Intel and AMD machines: sudo modprobe intel_rapl_msr",
      .domains = domains,
      .open = open};
  return source;
}

}  // namespace wattlayer
