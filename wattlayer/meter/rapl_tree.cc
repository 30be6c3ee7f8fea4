#include "wattlayer/meter/rapl_tree.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>

#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

namespace fs = std::filesystem;

/// `intel-rapl` of `intel-rapl:0:1`.
std::string control_type(const std::string& id) { return id.substr(0, id.find(':')); }

std::string parent_of(const std::string& id) {
  const size_t first = id.find(':'), last = id.rfind(':');
  return first == last ? "" : id.substr(0, last);
}

/// Zone folders by id, from the flat list of the class or from the tree where there is only that.
std::map<std::string, fs::path> zone_folders(const fs::path& root, bool& hidden) {
  std::map<std::string, fs::path> folders;
  std::error_code error;
  const fs::path flat = root / "sys/class/powercap";
  for (const std::string& name : names_in(flat)) {
    if (!fs::exists(flat / name, error)) hidden = true;  // a link into a tree that is covered
    else if (name.find(':') != name.npos) folders[name] = flat / name;
  }
  if (!folders.empty()) return folders;
  const fs::path tree = root / "sys/devices/virtual/powercap";
  for (auto entry = fs::recursive_directory_iterator(tree, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find(':') != name.npos && fs::exists(entry->path() / "name", error)) folders[name] = entry->path();
  }
  return folders;
}

RaplZone zone_of(const std::string& id, const fs::path& folder, const std::string& name, const std::string& parent_name) {
  RaplZone zone{.id = id, .counter = folder / "energy_uj", .range_uj = number_of(folder / "max_energy_range_uj").value_or(0)};
  if (parent_name.empty()) {
    zone.kind = name.starts_with("package") ? "package" : name;
    zone.domain = zone.socket = name;
    return zone;
  }
  zone.kind = name;
  zone.socket = parent_name;
  const bool in_package = parent_name.starts_with("package-");
  zone.domain = in_package ? name + parent_name.substr(7) : parent_name + "-" + name;
  return zone;
}

}  // namespace

RaplTree read_rapl_tree(const fs::path& root) {
  RaplTree tree;
  const std::map<std::string, fs::path> folders = zone_folders(root, tree.hidden);
  std::map<std::string, std::string> names;
  for (const auto& [id, folder] : folders)
    if (const auto name = line_of(folder / "name")) names[id] = *name;
  for (const auto& [id, name] : names) {
    const std::string parent = parent_of(id);
    const std::string parent_name = !parent.empty() && names.contains(parent) ? names[parent] : "";
    RaplZone zone = zone_of(id, folders.at(id), name, parent_name);
    if (read_line(zone.counter).error != ENOENT) tree.zones.push_back(std::move(zone));
  }
  const auto rank = [](const RaplZone& z) { return z.kind == "package" ? 0 : z.kind == "dram" ? 1 : 2; };
  std::stable_sort(tree.zones.begin(), tree.zones.end(), [&](const RaplZone& a, const RaplZone& b) {
    // The register's own control type is the shorter name: intel-rapl before intel-rapl-mmio.
    return std::tuple(rank(a), a.domain, control_type(a.id).size(), a.id) <
           std::tuple(rank(b), b.domain, control_type(b.id).size(), b.id);
  });
  std::map<std::string, std::string> counted;  // domain -> control type
  std::vector<RaplZone> once;
  for (RaplZone& zone : tree.zones) {
    const auto [first, is_new] = counted.emplace(zone.domain, control_type(zone.id));
    if (!is_new && first->second != control_type(zone.id)) continue;
    // Two zones of one control type are two counters, even where the kernel names them alike.
    if (!is_new) zone.domain += "@" + zone.id;
    once.push_back(std::move(zone));
  }
  tree.zones = std::move(once);
  return tree;
}

}  // namespace wattlayer
