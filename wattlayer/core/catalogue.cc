#include "wattlayer/core/catalogue.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"

namespace wattlayer {
namespace {

std::string description(const DataFiles& files, const std::string& folder, const std::string& id) {
  if (auto text = files.read(folder, id + ".json")) return std::move(*text);
  std::vector<std::string> known;
  for (const std::string& name : files.list(folder))
    if (name.ends_with(".json")) known.push_back(name.substr(0, name.size() - 5));
  throw Error(ErrorKind::invalid_input, fmt::format("{}/{}.json does not exist{}", folder, id, nearest(id, known)));
}

template <class Description, class Parse>
const Description& find_or_read(std::map<std::string, std::unique_ptr<const Description>>& known, const DataFiles& files,
                                const std::string& folder, const std::string& id, Parse parse) {
  auto& entry = known[id];
  if (!entry) entry = std::make_unique<const Description>(parse(description(files, folder, id), id));
  return *entry;
}

}  // namespace

const Hardware& Catalogue::hardware(const std::string& id) const {
  const std::lock_guard lock(reading_);
  return find_or_read(hardware_, files_, "hardware", id, parse_hardware);
}

const Engine& Catalogue::engine(const std::string& id) const {
  const std::lock_guard lock(reading_);
  return find_or_read(engines_, files_, "engines", id, parse_engine);
}

}  // namespace wattlayer
