#include "wattlayer/meter/perf_event.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/counter.h"
#include "wattlayer/meter/processor_state.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

constexpr Seconds refresh{0.001};
constexpr Seconds longest_stillness{1};
constexpr const char* pmu = "sys/bus/event_source/devices/power";

struct EventKind {
  const char* event;   ///< name below events/
  const char* domain;  ///< over all sockets
  const char* scope;
  bool per_socket, chosen, must_move;
};

constexpr EventKind kinds[] = {
    {"energy-pkg", "packages", "cpu-package", true, true, true}, {"energy-ram", "dram", "dram", false, true, true},
    {"energy-cores", "cores", "core-rail", false, false, false}, {"energy-gpu", "uncore", "uncore-rail", false, false, false},
    {"energy-psys", "psys", "platform", false, false, true},
};

/// A counter of the PMU on the processors that speak for it.
struct PerfDomain {
  std::string name;
  EventKind kind;
  uint32_t type = 0;
  uint64_t config = 0;
  double joules_per_count = 0;
  std::vector<int> processors;
};

/// `event=0x02` of perf's sysfs files.
std::optional<uint64_t> config_of(const std::string& text) {
  const size_t at = text.find("event=0x");
  if (at == text.npos) return {};
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + at + 8, text.data() + text.size(), value, 16);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// `0,24` or `0-3,8` of a cpumask file.
std::vector<int> processors_of(const std::string& mask) {
  std::vector<int> all;
  const char* at = mask.data();
  const char* const end = at + mask.size();
  while (at < end) {
    int first = 0;
    auto [next, error] = std::from_chars(at, end, first);
    if (error != std::errc()) return {};
    int last = first;
    if (next < end && *next == '-') next = std::from_chars(next + 1, end, last).ptr;
    for (int processor = first; processor <= std::min(last, first + 8192); ++processor) all.push_back(processor);
    at = next + 1;
  }
  return all;
}

std::string socket_of(const std::filesystem::path& root, int processor) {
  const auto id = number_of(root / fmt::format("sys/devices/system/cpu/cpu{}/topology/physical_package_id", processor));
  return id ? fmt::format("package-{}", *id) : fmt::format("package-of-cpu-{}", processor);
}

/// Dies of a socket; powercap has a zone for each where a socket has several, named `package-0-die-1`.
std::set<uint64_t> dies_of(const std::filesystem::path& root, const std::string& socket) {
  const std::filesystem::path cpus = root / "sys/devices/system/cpu";
  std::set<uint64_t> dies;
  for (const std::string& name : names_in(cpus)) {
    const auto package = number_of(cpus / name / "topology/physical_package_id"),
               die = number_of(cpus / name / "topology/die_id");
    if (package && die && fmt::format("package-{}", *package) == socket) dies.insert(*die);
  }
  return dies;
}

std::string device_of(const std::filesystem::path& root, const PerfDomain& domain) {
  std::set<std::string> sockets;
  for (const int processor : domain.processors) {
    const std::string socket = socket_of(root, processor);
    const std::set<uint64_t> dies = dies_of(root, socket);
    if (dies.size() < 2) sockets.insert("rapl:" + socket);
    else
      for (const uint64_t die : dies) sockets.insert(fmt::format("rapl:{}-die-{}", socket, die));
  }
  return domain.name == "psys" ? "rapl:psys" : fmt::format("{}", fmt::join(sockets, ","));
}

std::vector<PerfDomain> events_of(const std::filesystem::path& root) {
  const std::filesystem::path folder = root / pmu;
  const auto type = number_of(folder / "type");
  const std::vector<int> processors = processors_of(line_of(folder / "cpumask").value_or(""));
  std::vector<PerfDomain> all;
  if (!type || processors.empty()) return all;
  for (const EventKind& kind : kinds) {
    const auto config = config_of(line_of(folder / "events" / kind.event).value_or(""));
    const auto unit = line_of(folder / "events" / (std::string(kind.event) + ".unit"));
    const auto scale = line_of(folder / "events" / (std::string(kind.event) + ".scale"));
    double joules = 0;
    if (!config || !scale || unit != "Joules") continue;
    if (std::from_chars(scale->data(), scale->data() + scale->size(), joules).ec != std::errc() || !(joules > 0)) continue;
    all.push_back({kind.domain, kind, static_cast<uint32_t>(*type), *config, joules, processors});
    std::set<std::string> sockets;
    for (const int processor : processors) sockets.insert(socket_of(root, processor));
    if (!kind.per_socket || sockets.size() != processors.size()) continue;
    for (const int processor : processors)
      all.push_back({socket_of(root, processor), kind, static_cast<uint32_t>(*type), *config, joules, {processor}});
  }
  return all;
}

/// An open counter; closes itself.
class PerfFile {
 public:
  PerfFile(const PerfDomain& domain, int processor, const OpenPerfEvent& open_event)
      : file_(open_event(domain.type, domain.config, processor)) {}
  ~PerfFile() {
    if (file_ >= 0) close(file_);
  }
  PerfFile(PerfFile&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  PerfFile(const PerfFile&) = delete;
  PerfFile& operator=(const PerfFile&) = delete;

  int error() const { return file_ < 0 ? -file_ : 0; }
  uint64_t read() const {
    uint64_t count = 0;
    const ssize_t size = ::read(file_, &count, sizeof count);
    if (size != sizeof count)
      throw Error(ErrorKind::unavailable,
                  fmt::format("the counter cannot be read any more: {}", size < 0 ? std::strerror(errno) : "it ended"));
    return count;
  }

 private:
  int file_;
};

/// Why perf_event_open fails, with the command that changes that.
std::string obstacle_of(const std::filesystem::path& root, const PerfDomain& domain, int error) {
  if (error == 0) return "";
  if (error == EACCES || error == EPERM)
    return fmt::format(
        "perf events of the whole machine are not allowed (kernel.perf_event_paranoid is {}); run: sudo sysctl "
        "kernel.perf_event_paranoid=0, or: sudo setcap cap_perfmon+ep $(command -v wattlayer)",
        line_of(root / "proc/sys/kernel/perf_event_paranoid").value_or("not readable"));
  return fmt::format("perf_event_open of {} fails: {}; the kernel lists the event but the machine does not count it",
                     domain.kind.event, std::strerror(error));
}

int error_of(const PerfDomain& domain, const OpenPerfEvent& open_event) {
  for (const int processor : domain.processors)
    if (const int error = PerfFile(domain, processor, open_event).error()) return error;
  return 0;
}

/// 64-bit counters; the kernel minds the wraps of the registers.
class PerfMeter final : public Meter {
 public:
  PerfMeter(MeterInfo info, std::vector<PerfFile> files, const PerfDomain& domain, const MeterPlace& place)
      : info_(std::move(info)),
        files_(std::move(files)),
        must_move_(domain.kind.must_move),
        clock_(*place.clock),
        state_(place.root) {
    for (size_t i = 0; i < files_.size(); ++i) counters_.emplace_back(domain.joules_per_count, 0);
    take_reading();
  }

  const MeterInfo& info() const override { return info_; }

  Joules read() override {
    const std::lock_guard lock(mutex_);
    try {
      return take_reading();
    } catch (const Error& e) {
      throw e.within(info_.name());
    }
  }

  DeviceState state() override {
    const std::lock_guard lock(mutex_);
    return state_.read();
  }

 private:
  Joules take_reading() {
    Joules sum{0};
    for (size_t i = 0; i < files_.size(); ++i) {
      const uint64_t raw = files_[i].read();
      const Seconds now = clock_.now();
      sum += counters_[i].update(raw, now);
      if (must_move_) counters_[i].require_movement(now, longest_stillness);
    }
    return sum;
  }

  MeterInfo info_;
  std::vector<PerfFile> files_;
  bool must_move_;
  Clock& clock_;
  ProcessorState state_;
  std::mutex mutex_;
  std::vector<EnergyCounter> counters_;
};

}  // namespace

int open_perf_event(uint32_t type, uint64_t config, int processor) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = type;
  attributes.config = config;
  const long file = syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
  return file < 0 ? -errno : static_cast<int>(file);
}

std::vector<MeterDomain> perf_domains(const MeterPlace& place, const OpenPerfEvent& open_event) {
  std::vector<MeterDomain> all;
  for (const PerfDomain& d : events_of(place.root))
    all.push_back({.name = d.name,
                   .scope = d.kind.scope,
                   .method = "counter",
                   .what = fmt::format("power/{}/ on processor {}", d.kind.event, fmt::join(d.processors, ", ")),
                   .refresh_interval = refresh,
                   .resolution = {d.joules_per_count},
                   .device = device_of(place.root, d),
                   .obstacle = obstacle_of(place.root, d, error_of(d, open_event)),
                   .chosen_by_default = d.kind.chosen && !d.processors.empty() && d.name == d.kind.domain});
  return all;
}

std::unique_ptr<Meter> open_perf_meter(const MeterPlace& place, std::string_view name, const OpenPerfEvent& open_event) {
  std::vector<std::string> known;
  for (const PerfDomain& d : events_of(place.root)) {
    known.push_back("rapl-perf:" + d.name);
    if (d.name != name) continue;
    std::vector<PerfFile> files;
    for (const int processor : d.processors) {
      files.emplace_back(d, processor, open_event);
      if (files.back().error())
        throw Error(ErrorKind::unavailable,
                    fmt::format("rapl-perf:{}: {}", name, obstacle_of(place.root, d, files.back().error())));
    }
    MeterInfo info{.meter = "rapl-perf",
                   .domain = d.name,
                   .scope = d.kind.scope,
                   .method = "counter",
                   .device = device_of(place.root, d),
                   .resolution = {d.joules_per_count},
                   .refresh_interval = refresh,
                   .facts = {{"perf.event", d.kind.event}}};
    return std::make_unique<PerfMeter>(std::move(info), std::move(files), d, place);
  }
  if (known.empty())
    throw Error(ErrorKind::unavailable, fmt::format("rapl-perf:{}: no /{}; the kernel has no power PMU here", name, pmu));
  throw Error(ErrorKind::invalid_input, fmt::format("rapl-perf:{} is not there; known: {}", name, fmt::join(known, ", ")));
}

}  // namespace wattlayer
