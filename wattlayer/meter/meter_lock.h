#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Exclusive use of one physical counter on this machine, by flock: the kernel releases it when the process ends in whatever way,
/// so no lock is ever stale.
class MeterLock {
 public:
  /// `device` as in MeterInfo. Throws Error(unavailable) naming the process that holds it.
  MeterLock(const std::string& device, const std::filesystem::path& folder);
  ~MeterLock();
  MeterLock(MeterLock&&) noexcept;
  MeterLock(const MeterLock&) = delete;
  MeterLock& operator=(const MeterLock&) = delete;

 private:
  int file_ = -1;
};

/// Locks every physical counter that these meters read, each once however many of them share it. Throws as MeterLock.
std::vector<MeterLock> lock_meters(std::span<Meter* const> meters, const std::filesystem::path& folder);

/// Folder of the locks, the same for all users of a machine: /run/lock, or /tmp where not everybody may write there.
std::filesystem::path meter_lock_folder();

}  // namespace wattlayer
