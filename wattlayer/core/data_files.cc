#include "wattlayer/core/data_files.h"

#include <fstream>
#include <iterator>
#include <set>

#include "wattlayer/core/embedded_files.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace fs = std::filesystem;

std::optional<std::string> DataFiles::read(std::string_view folder, std::string_view name) const {
  if (!overriding_.empty()) {
    const fs::path path = overriding_ / folder / name;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
      std::ifstream in(path, std::ios::binary);
      if (!in) throw Error(ErrorKind::io, "cannot read " + path.string() + "; check its permissions");
      return std::string(std::istreambuf_iterator<char>(in), {});
    }
  }
  for (const EmbeddedFile& file : embedded_files)
    if (file.begin && file.folder == folder && file.name == name) return std::string(file.begin, file.end);
  return std::nullopt;
}

std::vector<std::string> DataFiles::list(std::string_view folder) const {
  std::set<std::string> names;
  for (const EmbeddedFile& file : embedded_files)
    if (file.begin && file.folder == folder) names.emplace(file.name);
  std::error_code ignored;
  if (!overriding_.empty())
    for (const fs::directory_entry& entry : fs::directory_iterator(overriding_ / folder, ignored))
      if (entry.is_regular_file()) names.insert(entry.path().filename().string());
  return {names.begin(), names.end()};
}

}  // namespace wattlayer
