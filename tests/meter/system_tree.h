#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"

namespace wattlayer::test {

/// A tree of small files to stand for / of a machine: built by a test, or a copy of one in tests/data that the test may change.
class SystemTree {
 public:
  SystemTree() = default;
  /// A copy of a folder below tests/data.
  explicit SystemTree(const std::string& recorded) {
    std::filesystem::copy(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data" / recorded, folder_.path(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  }

  const std::filesystem::path& root() const { return folder_.path(); }
  std::filesystem::path operator/(const std::string& path) const { return folder_ / path; }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text << "\n";
  }
  void write(const std::string& path, uint64_t number) const { write(path, std::to_string(number)); }
  void remove(const std::string& path) const { std::filesystem::remove_all(folder_ / path); }
  void link(const std::string& target, const std::string& path) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::filesystem::create_symlink(target, folder_ / path);
  }

 private:
  TemporaryFolder folder_;
};

/// Message of the error that something throws; empty when it throws none.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

inline const MeterSource& source_named(std::string_view name) {
  for (const MeterSource* source : meter_sources())
    if (source->name == name) return *source;
  throw std::runtime_error("no source " + std::string(name));
}

inline const MeterDomain* find_domain(const std::vector<MeterDomain>& domains, std::string_view name) {
  for (const MeterDomain& d : domains)
    if (d.name == name) return &d;
  return nullptr;
}

}  // namespace wattlayer::test
