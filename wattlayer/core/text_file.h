#pragma once
#include <filesystem>
#include <string>

namespace wattlayer {

/// The whole file, or standard input for `-`. Throws Error(io).
std::string read_text(const std::filesystem::path& file);

}  // namespace wattlayer
