#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "wattlayer/meter/meter_source.h"

namespace wattlayer {

/// The system call perf_event_open for one counter of a PMU on one processor: a file, or minus errno.
using OpenPerfEvent = std::function<int(uint32_t type, uint64_t config, int processor)>;

/// The kernel's.
int open_perf_event(uint32_t type, uint64_t config, int processor);

/// What source `rapl-perf` does, with the system call as an argument for the tests.
std::vector<MeterDomain> perf_domains(const MeterPlace& place, const OpenPerfEvent& open_event);
std::unique_ptr<Meter> open_perf_meter(const MeterPlace& place, std::string_view domain, const OpenPerfEvent& open_event);

}  // namespace wattlayer
