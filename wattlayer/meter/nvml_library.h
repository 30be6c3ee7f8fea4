#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// Reply of NVML: a value, or its return code (NVML API reference, nvmlReturn_t).
template <class T>
struct NvmlReply {
  static constexpr int not_supported = 3, not_found = 13, lost = 15;
  T value{};
  int code = 0;

  explicit operator bool() const { return code == 0; }
};

/// One board as NVML lists it.
struct NvmlBoard {
  void* handle = nullptr;
  int index = 0;
  std::string name, uuid;
  bool mig = false, vgpu = false;
};

/// libnvidia-ml, loaded at run time; initialised as long as it lives. Calls may come from several threads.
class NvmlLibrary {
 public:
  /// Null when there is no such library. One that cannot be initialised says so in init_failure().
  static std::shared_ptr<NvmlLibrary> load(const std::string& name);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  const std::string& init_failure() const { return init_failure_; }
  std::vector<NvmlBoard> boards() const;
  std::string driver() const;
  /// NVML's own words for a return code.
  std::string words(int code) const;

  /// Since the driver was loaded.
  NvmlReply<uint64_t> energy_mj(const NvmlBoard& board) const;
  /// Field 186, scope GPU.
  NvmlReply<uint32_t> instant_power_mw(const NvmlBoard& board) const;
  /// What the board's driver makes of it: instant up to GA100, one-second average on newer boards.
  NvmlReply<uint32_t> power_usage_mw(const NvmlBoard& board) const;
  DeviceState state(const NvmlBoard& board) const;

 private:
  struct Functions;
  NvmlLibrary();
  std::unique_ptr<Functions> call_;
  bool initialised_ = false;
  std::string init_failure_;
};

}  // namespace wattlayer
