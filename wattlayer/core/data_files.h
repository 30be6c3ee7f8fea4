#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// The shipped hardware, engines and energy models (embedded in the program), overridden or extended by a folder of the
/// same layout (`--data-dir`).
class DataFiles {
 public:
  explicit DataFiles(std::filesystem::path overriding = {}) : overriding_(std::move(overriding)) {}

  /// Content of `folder/name` (`hardware`, `jetson-nano.json`); nothing when there is none.
  std::optional<std::string> read(std::string_view folder, std::string_view name) const;

  /// Names in a folder, sorted, each once.
  std::vector<std::string> list(std::string_view folder) const;

 private:
  std::filesystem::path overriding_;
};

/// File names of a data folder without the ending (`.json`).
std::vector<std::string> ids(const DataFiles& files, std::string_view folder, std::string_view ending = ".json");

/// Content of `folder/id.json`. Throws Error(invalid_input) that lists near names.
std::string require_file(const DataFiles& files, std::string_view folder, std::string_view id);

}  // namespace wattlayer
