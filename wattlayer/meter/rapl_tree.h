#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wattlayer {

/// One counter of the powercap tree (docs/meters.md).
struct RaplZone {
  std::string id;                 ///< folder: intel-rapl:0:1
  std::string kind;               ///< package, core, uncore, dram, psys, or what a newer kernel calls it
  std::string domain;             ///< package-0, dram-0, core-1-die-0, psys: by name, because zone indexes are not socket numbers
  std::string socket;             ///< domain of the package that it belongs to; its own for a package, `psys` for psys
  std::filesystem::path counter;  ///< energy_uj
  uint64_t range_uj = 0;          ///< it starts again at 0 after that; 0: not told

  /// Joules of one step of the 32-bit register; 0: not told.
  double resolution_j() const { return static_cast<double>(range_uj) * 1e-6 / 4294967296.0; }
};

struct RaplTree {
  std::vector<RaplZone> zones;  ///< each physical counter once; packages first
  bool hidden = false;          ///< the kernel has zones, but a container's mounts cover them
};

/// Looks below root/sys. `intel-rapl-mmio` shows counters of `intel-rapl` a second time and counts only where it is alone.
RaplTree read_rapl_tree(const std::filesystem::path& root);

}  // namespace wattlayer
