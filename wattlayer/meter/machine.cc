#include "wattlayer/meter/machine.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <set>
#include <string_view>
#include <utility>

#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

/// `name : value` lines of /proc/cpuinfo.
std::pair<std::string_view, std::string_view> field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return {};
  std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
  while (!name.empty() && (name.back() == '\t' || name.back() == ' ')) name.remove_suffix(1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return {name, value};
}

bool has_flag(std::string_view flags, std::string_view flag) {
  for (size_t at = flags.find(flag); at != flags.npos; at = flags.find(flag, at + 1)) {
    const bool starts = at == 0 || flags[at - 1] == ' ';
    const size_t end = at + flag.size();
    if (starts && (end == flags.size() || flags[end] == ' ')) return true;
  }
  return false;
}

void read_processors(const std::filesystem::path& root, Machine& machine) {
  std::set<std::string> sockets;
  std::set<std::pair<std::string, std::string>> cores;
  std::string socket;
  bool hypervisor = false;
  for (const std::string& line : lines_of(root / "proc/cpuinfo")) {
    const auto [name, value] = field(line);
    if (name == "processor") ++machine.threads;
    if (name == "model name") machine.processor = value;
    if (name == "physical id") sockets.insert(socket = value);
    if (name == "core id") cores.insert({socket, std::string(value)});
    if (name != "flags") continue;
    hypervisor |= has_flag(value, "hypervisor");
    machine.sgx |= has_flag(value, "sgx");
  }
  machine.sockets = static_cast<int>(sockets.size());
  machine.cores = static_cast<int>(cores.size());
  if (machine.processor.empty()) machine.processor = line_of(root / "proc/device-tree/model").value_or("");
  while (!machine.processor.empty() && machine.processor.back() == '\0') machine.processor.pop_back();
  if (!hypervisor) return;
  const std::string vendor = line_of(root / "sys/class/dmi/id/sys_vendor").value_or("");
  const std::string product = line_of(root / "sys/class/dmi/id/product_name").value_or("");
  machine.virtual_machine = vendor.empty() && product.empty() ? "unnamed" : vendor + (product.empty() ? "" : " " + product);
}

std::optional<std::string> container_of(const std::filesystem::path& root) {
  std::error_code error;
  if (std::filesystem::exists(root / ".dockerenv", error)) return "docker";
  if (std::filesystem::exists(root / "run/.containerenv", error)) return "podman";
  for (const std::string& line : lines_of(root / "proc/1/cgroup"))
    for (const char* trace : {"docker", "kubepods", "lxc", "containerd"})
      if (line.find(trace) != line.npos) return trace;
  return {};
}

std::optional<bool> turbo_of(const std::filesystem::path& cpu) {
  if (const auto no_turbo = number_of(cpu / "intel_pstate/no_turbo")) return *no_turbo == 0;
  if (const auto boost = number_of(cpu / "cpufreq/boost")) return *boost != 0;
  return {};
}

/// Bit 0 of IA32_MISC_PACKAGE_CTLS (0xBC): Intel SDM volume 4. Needs root and the msr module.
std::optional<bool> energy_filtering_of(const std::filesystem::path& root) {
  const int file = open((root / "dev/cpu/0/msr").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  uint64_t value = 0;
  const bool read = pread(file, &value, sizeof value, 0xBC) == sizeof value;
  close(file);
  return read ? std::optional((value & 1) != 0) : std::nullopt;
}

}  // namespace

Machine look_at_machine(const std::filesystem::path& root) {
  Machine machine;
  read_processors(root, machine);
  machine.container = container_of(root);
  const std::filesystem::path cpu = root / "sys/devices/system/cpu";
  machine.governor = line_of(cpu / "cpu0/cpufreq/scaling_governor");
  machine.turbo = turbo_of(cpu);
  double load = 0;
  const std::string line = line_of(root / "proc/loadavg").value_or("");
  if (std::from_chars(line.data(), line.data() + line.size(), load).ec == std::errc()) machine.load = load;
  machine.energy_filtering = energy_filtering_of(root);
  return machine;
}

}  // namespace wattlayer
