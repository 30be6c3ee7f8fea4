#pragma once
#include <filesystem>
#include <functional>
#include <string>

namespace wattlayer {

/// A hardware description (docs/formats/hardware_v1.md) of a machine's processors.
struct CpuDescription {
  std::string id;    ///< from the processor's name and its cores: `amd-epyc-7742-64-core-128c`
  std::string json;  ///< each figure with its source; what the machine does not tell is absent
};

/// Bytes per second that the main memory reads and writes when all threads copy; takes about a second.
double measure_copy_bandwidth(int threads, double beyond_cache_bytes);

/// From /proc and /sys below the root. `bandwidth` measures the main memory (arguments as measure_copy_bandwidth); none: the
/// figure is absent. Throws Error(unavailable) where the machine tells neither clock nor cores.
CpuDescription describe_cpu(const std::filesystem::path& root,
                            const std::function<double(int threads, double beyond_cache_bytes)>& bandwidth = {});

}  // namespace wattlayer
