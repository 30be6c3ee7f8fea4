#include "wattlayer/core/data_files.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <set>

#include "wattlayer/core/embedded_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"

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

std::vector<std::string> ids(const DataFiles& files, std::string_view folder, std::string_view ending) {
  std::vector<std::string> result;
  for (const std::string& name : files.list(folder))
    if (name.size() > ending.size() && name.ends_with(ending)) result.push_back(name.substr(0, name.size() - ending.size()));
  return result;
}

std::string require_file(const DataFiles& files, std::string_view folder, std::string_view id) {
  // An id is a plain file name; a path must not leave the data folder.
  if (id.find('/') == id.npos && id != ".." && !id.empty())
    if (auto text = files.read(folder, fmt::format("{}.json", id))) return *text;
  std::string_view kind = folder == "engines"     ? "engine"
                          : folder == "datasets"  ? "data set"
                          : folder == "campaigns" ? "campaign"
                                                  : folder;
  throw Error(ErrorKind::invalid_input,
              fmt::format("unknown {} '{}'{}", kind, id.substr(0, 200), nearest(id, ids(files, folder))));
}

}  // namespace wattlayer
