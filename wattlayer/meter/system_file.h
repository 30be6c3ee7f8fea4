#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wattlayer {

/// First line of a small file of /sys or /proc without the line break; errno where it cannot be read. Sysfs makes the text anew
/// at each open, so it is opened each time.
struct SystemText {
  std::string text;
  int error = 0;
};
SystemText read_line(const std::filesystem::path& file);

/// The same, nothing where it cannot be read.
std::optional<std::string> line_of(const std::filesystem::path& file);

/// A whole non-negative number; nothing where there is none.
std::optional<uint64_t> number_of(const std::filesystem::path& file);

/// As number_of, but throws Error(unavailable) that names the file and why: gone, permission, no number.
uint64_t require_number(const std::filesystem::path& file);

/// The same for one that may be negative.
int64_t require_signed_number(const std::filesystem::path& file);

/// Names in a folder, in the order that people count in (`hwmon2` before `hwmon10`); none where it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// Every line of a small file; none where it cannot be read.
std::vector<std::string> lines_of(const std::filesystem::path& file);

}  // namespace wattlayer
