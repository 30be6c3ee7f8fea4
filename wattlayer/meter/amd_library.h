#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/meter/meter.h"

namespace wattlayer {

/// One AMD graphics die as the library lists it.
struct AmdBoard {
  int index = 0;
  void* handle = nullptr;  ///< of libamd_smi only
  std::string name;
  std::string pci;                   ///< 0000:03:00.0; empty where it is not told
  std::filesystem::path power_file;  ///< its power in hwmon, µW; empty where there is none
};

/// A reading of the energy accumulator.
struct AmdEnergy {
  uint64_t raw = 0;
  double unit_uj = 0;
};

/// librocm_smi64 or libamd_smi, loaded at run time; initialised as long as it lives. Calls may come from several threads.
class AmdLibrary {
 public:
  /// Null when none of these libraries is there. One that cannot be initialised says so in init_failure(). Power that a library
  /// does not tell is looked for below root/sys.
  static std::shared_ptr<AmdLibrary> load(const std::vector<std::string>& names, const std::filesystem::path& root);
  virtual ~AmdLibrary() = default;

  const std::string& name() const { return name_; }
  const std::string& init_failure() const { return init_failure_; }

  virtual std::vector<AmdBoard> boards() const = 0;
  /// Nothing where it is not supported.
  virtual std::optional<AmdEnergy> energy(const AmdBoard& board) const = 0;
  /// Instant where the board tells it, else average. Nothing where it tells neither, or 0.
  virtual std::optional<Watts> power(const AmdBoard& board) const;
  virtual DeviceState state(const AmdBoard&) const { return {}; }

 protected:
  /// Looks through all of hwmon; a poll must not.
  std::filesystem::path power_file_of(const std::string& pci) const;

  std::string name_, init_failure_;
  std::filesystem::path root_;
};

}  // namespace wattlayer
