#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "cli/command_figures.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/footprint.h"
#include "wattlayer/store/csv.h"

namespace wattlayer::cli {
namespace {

/// Header of CodeCarbon 3.3.0.
constexpr std::string_view header =
    "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_"
    "energy,ram_energy,energy_consumed,water_consumed,country_name,country_iso_code,region,cloud_provider,cloud_region,os,python_"
    "version,codecarbon_version,cpu_count,cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode,cpu_"
    "utilization_percent,gpu_utilization_percent,ram_utilization_percent,ram_used_gb,on_cloud,pue,wue";

using Fields = std::map<std::string, std::string, std::less<>>;

/// A random identifier (UUID version 4).
std::string random_id() {
  std::random_device device;
  std::array<uint32_t, 4> r{device(), device(), device(), device()};
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", r[0], r[1] >> 16, r[1] & 0xfff, 0x8000 | (r[2] >> 16 & 0x3fff),
                     r[2] & 0xffff, r[3]);
}

/// Text after `key` and a colon in a file such as /proc/cpuinfo; empty where there is none.
std::string field_of(const std::filesystem::path& file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == line.npos) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == line.npos ? "" : line.substr(start);
  }
  return "";
}

Fields about_machine(const CarbonContext& context) {
  Fields fields{{"tracking_mode", "machine"}, {"cpu_model", field_of(context.root / "proc/cpuinfo", "model name")}};
  if (utsname name{}; ::uname(&name) == 0) fields["os"] = fmt::format("{}-{}-{}", name.sysname, name.release, name.machine);
  if (const unsigned count = std::thread::hardware_concurrency(); count > 0) fields["cpu_count"] = std::to_string(count);
  if (const double kib = std::strtod(field_of(context.root / "proc/meminfo", "MemTotal").c_str(), nullptr); kib > 0)
    fields["ram_total_size"] = fmt::format("{}", kib / 1024 / 1024);
  return fields;
}

/// The column of CodeCarbon that a scope belongs to; empty for what it has none for (board, wall).
std::string_view component(std::string_view scope) {
  return scope == "cpu-package" ? "cpu" : scope == "gpu-board" ? "gpu" : scope == "dram" ? "ram" : "";
}

std::set<std::string> counters_of(const CommandEnergy& meter) {
  std::set<std::string> counters;
  std::istringstream names(meter.info.device);
  for (std::string name; std::getline(names, name, ',');) counters.insert(name);
  return counters;
}

/// Meters that count no counter twice: of two that share one, the wider, and of equal ones that which has a figure.
std::vector<const CommandEnergy*> once_each(std::vector<const CommandEnergy*> meters) {
  const auto rank = [](const CommandEnergy* m) { return std::pair(counters_of(*m).size(), m->energy.has_value()); };
  std::stable_sort(meters.begin(), meters.end(), [&](auto* a, auto* b) { return rank(a) > rank(b); });
  std::set<std::string> counted;
  std::erase_if(meters, [&](const CommandEnergy* m) {
    const std::set<std::string> own = counters_of(*m);
    if (std::any_of(own.begin(), own.end(), [&](const std::string& c) { return counted.contains(c); })) return true;
    counted.insert(own.begin(), own.end());
    return false;
  });
  return meters;
}

/// Sum of the meters of one scope; nothing when one of them failed.
std::optional<double> joules_of(const std::vector<const CommandEnergy*>& meters) {
  double sum = 0;
  for (const CommandEnergy* m : meters) {
    if (!m->energy) return std::nullopt;
    sum += m->energy->value;
  }
  return sum;
}

void add_energy(Fields& fields, const std::vector<const CommandEnergy*>& meters, Seconds time, const CarbonContext& context) {
  const MeterInfo& info = meters.front()->info;
  fields["experiment_id"] = fmt::format("{}/{}", info.scope, info.method);
  if (component(info.scope) == "gpu") fields["gpu_count"] = std::to_string(meters.size());
  const std::optional<double> joules = joules_of(meters);
  if (!joules) return;
  const double kwh = *joules / joules_per_kwh;
  fields["energy_consumed"] = fmt::format("{}", kwh);
  if (const std::string part(component(info.scope)); !part.empty()) {
    fields[part + "_energy"] = fmt::format("{}", kwh);
    if (time.value > 0) fields[part + "_power"] = fmt::format("{}", *joules / time.value);
  }
  if (!context.grid) return;
  fields["country_name"] = context.grid->country, fields["country_iso_code"] = context.grid->iso3;
  const double kg = kwh * context.grid->g_per_kwh / 1000;
  fields["emissions"] = fmt::format("{}", kg);
  if (time.value > 0) fields["emissions_rate"] = fmt::format("{}", kg / time.value);
}

std::string line_of(const Fields& fields) {
  std::string line;
  std::istringstream names{std::string(header)};
  for (std::string name; std::getline(names, name, ',');) {
    const auto found = fields.find(name);
    line += (line.empty() ? "" : ",") + (found == fields.end() ? "" : csv_field(found->second));
  }
  return line + "\n";
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

bool is_new(const std::filesystem::path& file) {
  std::error_code none;
  return !std::filesystem::exists(file, none) || std::filesystem::file_size(file, none) == 0;
}

}  // namespace

void check_emissions_file(const std::filesystem::path& file) {
  if (is_new(file) || first_line(file) == header) return;
  throw Error(ErrorKind::invalid_input, fmt::format("{} has other columns than an emissions.csv of CodeCarbon 3.3.0, nothing is "
                                                    "appended to it; name another file",
                                                    file.string()));
}

void append_emissions(const std::filesystem::path& file, const CommandFigures& figures, const CarbonContext& context) {
  check_emissions_file(file);
  Fields shared = about_machine(context);
  const std::time_t now = std::time(nullptr);
  shared["timestamp"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::localtime(now));
  shared["project_name"] = context.project;
  shared["run_id"] = random_id();
  shared["duration"] = fmt::format("{}", figures.time.value);
  std::map<std::pair<std::string, std::string>, std::vector<const CommandEnergy*>> scopes;
  for (const CommandEnergy& m : figures.meters) scopes[{m.info.scope, m.info.method}].push_back(&m);
  std::string text = is_new(file) ? std::string(header) + "\n" : "";
  if (scopes.empty()) text += line_of(shared);
  for (const auto& [scope, meters] : scopes) {
    Fields fields = shared;
    add_energy(fields, once_each(meters), figures.time, context);
    text += line_of(fields);
  }
  std::ofstream out(file, std::ios::binary | std::ios::app);
  out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
  if (!out) throw Error(ErrorKind::io, fmt::format("cannot append to {}: {}", file.string(), std::strerror(errno)));
}

}  // namespace wattlayer::cli
