#pragma once
#include <filesystem>
#include <memory>
#include <optional>
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
/// (dataset, hardware, engine, dtype, kind, row): adding it again changes nothing, but a figure replaces a failure.
class Store {
 public:
  /// Opens or creates. Throws Error(io) when the file cannot be opened or is not a store, Error(unsupported) for a newer schema.
  explicit Store(const std::filesystem::path& file);
  ~Store();
  Store(Store&&) noexcept;

  struct Added {
    size_t added = 0, present = 0;
    size_t replaced = 0;   ///< of the present ones: failures that now have a figure
    size_t differing = 0;  ///< of the present ones: with another figure than the one that was there first, which stays
  };
  /// All or nothing; on return it is in the file, whatever happens to the process.
  Added add(std::span<const Measurement> measurements);

  /// What identifies a measurement within its data set, hardware and engine.
  struct Row {
    std::string dtype, kind, row;
    bool failed = false;
  };
  /// The rows of a selection, without reading what was measured.
  std::vector<Row> rows(const Selection& selection = {}) const;

  /// Throws Error(io) when nothing can be written: a read-only file, a full disk.
  void require_writable();

  /// Keeps the description (a file of hardware/ or engines/) that rows were measured under; the latest one stays.
  void describe(const std::string& folder, const std::string& id, const std::string& text);
  /// Nothing when there is none.
  std::optional<std::string> description(const std::string& folder, const std::string& id) const;
  struct Description {
    std::string folder, id, text;
  };
  std::vector<Description> descriptions() const;

  std::vector<Measurement> select(const Selection& selection = {}) const;
  size_t size() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace wattlayer
