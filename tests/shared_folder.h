#pragma once
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace wattlayer {

/// The folder of networks and measured data next to the project; nothing where it is absent, and the test is to be skipped
/// loudly.
inline std::optional<std::filesystem::path> shared_folder() {
  const std::filesystem::path source = WATTLAYER_SOURCE_DIR;
  const char* given = std::getenv("WATTLAYER_SHARED");
  for (const std::filesystem::path& folder :
       {std::filesystem::path(given ? given : ""), source / "../shared", source / "../../shared"})
    if (!folder.empty() && std::filesystem::is_directory(folder)) return folder;
  return std::nullopt;
}

}  // namespace wattlayer
