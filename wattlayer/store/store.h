#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"

namespace wattlayer {

/// Which measurements to read; an empty field means any.
struct Selection {
  std::string dataset, hardware, engine, dtype, kind;
};

/// Measurements in one SQLite file (write-ahead log; schema in wattlayer/store/schema). A measurement is identified by
/// (dataset, hardware, engine, dtype, kind, row): adding it again changes nothing.
class Store {
 public:
  /// Opens or creates. Throws Error(io) when the file cannot be opened or is not a store, Error(unsupported) for a newer schema.
  explicit Store(const std::filesystem::path& file);
  ~Store();
  Store(Store&&) noexcept;

  struct Added {
    size_t added = 0, present = 0;
  };
  /// All or nothing.
  Added add(std::span<const Measurement> measurements);

  std::vector<Measurement> select(const Selection& selection = {}) const;
  size_t size() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace wattlayer
