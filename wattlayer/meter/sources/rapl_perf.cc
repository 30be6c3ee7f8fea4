#include "wattlayer/meter/perf_event.h"

namespace wattlayer {

const MeterSource& rapl_perf_meter() {
  static const MeterSource source{
      .name = "rapl-perf",
      .summary = "Intel and AMD processors: the kernel's power PMU, for who may use perf events",
      .absent = "no /sys/bus/event_source/devices/power; on Intel and AMD machines: sudo modprobe rapl",
      .domains = [](const MeterPlace& place) { return perf_domains(place, open_perf_event); },
      .open = [](const MeterPlace& place, std::string_view domain) { return open_perf_meter(place, domain, open_perf_event); }};
  return source;
}

}  // namespace wattlayer
