#include "wattlayer/bench/cpu_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

/// What /proc/cpuinfo says; fields of the first processor, cores of all.
struct CpuInfo {
  std::map<std::string, std::string> fields;
  std::set<std::string> cores;
  int threads = 0;
  double mhz = 0;

  int core_count() const { return cores.empty() ? threads : static_cast<int>(cores.size()); }
  bool has(const std::string& flag) const {
    for (const char* field : {"flags", "Features"})
      if (const auto at = fields.find(field);
          at != fields.end() && (" " + at->second + " ").find(" " + flag + " ") != std::string::npos)
        return true;
    return false;
  }
};

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

CpuInfo read_cpuinfo(const std::filesystem::path& root) {
  CpuInfo info;
  std::string socket;
  for (const std::string& line : lines_of(root / "proc/cpuinfo")) {
    const size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string name = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    info.fields.try_emplace(name, value);
    if (name == "processor") ++info.threads, socket.clear();
    if (name == "physical id") socket = value;
    if (name == "core id") info.cores.insert(fmt::format("{}/{}", socket, value));
    if (name == "cpu MHz") info.mhz = std::max(info.mhz, std::atof(value.c_str()));
  }
  return info;
}

/// Lower case, words joined by dashes, without trademarks and clock: `intel-xeon-gold-5120`.
std::string id_of(std::string name) {
  name = name.substr(0, name.find('@'));
  for (const char* mark : {"(R)", "(TM)", "(r)", "(tm)"})
    for (size_t at; (at = name.find(mark)) != name.npos;) name.erase(at, std::strlen(mark));
  std::istringstream words(name);
  std::string id;
  for (std::string word; words >> word;) {
    if (word == "CPU" || word == "Processor" || word == "with") continue;
    std::string part;
    for (const char c : word) part += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '-';
    id += (id.empty() ? "" : "-") + part;
  }
  return id.empty() ? "cpu" : id.substr(0, 60);
}

struct Clock {
  double hz = 0;
  std::string source;
};

Clock clock_of(const std::filesystem::path& root, const CpuInfo& info) {
  if (const auto khz = number_of(root / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"); khz && *khz > 0)
    return {static_cast<double>(*khz) * 1e3, "cpuinfo_max_freq of cpu0 in /sys/devices/system/cpu"};
  if (info.mhz > 0) return {info.mhz * 1e6, "largest `cpu MHz` in /proc/cpuinfo, at the time of the description"};
  throw Error(ErrorKind::unavailable,
              "this machine tells no clock of its processor; write a description by hand (docs/formats/hardware_v1.md)");
}

struct Lanes {
  int f32 = 4;
  int fma = 1;
  std::string source;
};

Lanes lanes_of(const CpuInfo& info) {
  if (info.has("avx512f")) return {16, 2, "AVX-512 (16 lanes)"};
  if (info.has("avx2") || info.has("avx"))
    return {8, info.has("fma") ? 2 : 1, info.has("fma") ? "AVX2 with FMA (8 lanes)" : "AVX (8 lanes)"};
  if (info.has("asimd")) return {4, 2, "ASIMD with FMA (4 lanes)"};
  return {4, 1, "SSE (4 lanes)"};
}

double bytes_of(const std::string& text) {
  const double value = std::atof(text.c_str());
  return value * (text.ends_with('K') ? 1024 : text.ends_with('M') ? 1048576 : 1);
}

/// Processors in a list such as `0-3,8`.
int processors_in(const std::string& list) {
  int count = 0;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t dash = part.find('-');
    count += dash == part.npos ? 1 : std::max(1, std::atoi(part.c_str() + dash + 1) - std::atoi(part.c_str()) + 1);
  }
  return std::max(1, count);
}

/// Data caches of the first processor, innermost first, then the main memory.
Json memory_of(const std::filesystem::path& root, const CpuInfo& info, std::optional<double> bandwidth) {
  std::map<int, Json> levels;
  const std::filesystem::path folder = root / "sys/devices/system/cpu/cpu0/cache";
  for (const std::string& index : names_in(folder)) {
    const auto size = line_of(folder / index / "size");
    const auto level = number_of(folder / index / "level");
    if (!size || !level || line_of(folder / index / "type") == "Instruction") continue;
    const int sharing = processors_in(line_of(folder / index / "shared_cpu_list").value_or("0"));
    levels[static_cast<int>(*level)] = {
        {"name", fmt::format("L{}", *level)}, {"bytes", bytes_of(*size)}, {"units", std::max(1, info.threads / sharing)}};
  }
  Json memory = Json::array();
  for (auto& [number, level] : levels) memory.push_back(std::move(level));
  for (const std::string& line : lines_of(root / "proc/meminfo"))
    if (line.starts_with("MemTotal:")) {
      Json dram = {{"name", "DRAM"}, {"bytes", std::atof(line.c_str() + 9) * 1024}};
      if (bandwidth) dram["bandwidth_bytes_per_s"] = *bandwidth;
      memory.push_back(std::move(dram));
    }
  return memory;
}

/// Two significant digits: more would claim what one run cannot know, and change from run to run.
double rounded(double value) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::round(value / unit) * unit;
}

double largest_cache(const Json& memory) {
  double largest = 0;
  for (const Json& level : memory)
    if (level["name"] != "DRAM") largest = std::max(largest, level["bytes"].get<double>() * level["units"].get<double>());
  return largest;
}

}  // namespace

double measure_copy_bandwidth(int threads, double beyond_cache_bytes) {
  constexpr double least = 64e6, most = 1e9;
  const auto bytes = static_cast<size_t>(std::clamp(2 * beyond_cache_bytes, least, most)) / static_cast<size_t>(threads);
  double best = 0;
  std::vector<std::unique_ptr<char[]>> from, to;
  for (int t = 0; t < threads; ++t) {
    from.push_back(std::make_unique<char[]>(bytes)), to.push_back(std::make_unique<char[]>(bytes));
    std::memset(from.back().get(), t + 1, bytes);
  }
  for (int repetition = 0; repetition < 5; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (size_t t = 0; t < from.size(); ++t) workers.emplace_back([&, t] { std::memcpy(to[t].get(), from[t].get(), bytes); });
    for (std::thread& worker : workers) worker.join();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2 * static_cast<double>(bytes) * threads / time.count());
  }
  return best;
}

CpuDescription describe_cpu(const std::filesystem::path& root, const std::function<double(int, double)>& bandwidth) {
  const CpuInfo info = read_cpuinfo(root);
  if (info.threads == 0)
    throw Error(ErrorKind::unavailable,
                fmt::format("cannot read the processors in {}; write a description by hand (docs/formats/hardware_v1.md)",
                            (root / "proc/cpuinfo").string()));
  const auto model = info.fields.find("model name");
  const std::string name = model == info.fields.end() ? "CPU" : model->second;
  const int cores = info.core_count();
  const Clock clock = clock_of(root, info);
  const Lanes lanes = lanes_of(info);
  const double peak = cores * clock.hz * lanes.f32 * 2 * lanes.fma;
  std::optional<double> copy;
  if (bandwidth) copy = rounded(bandwidth(info.threads, largest_cache(memory_of(root, info, {}))));
  Json json{{"name", fmt::format("{}, {} cores", name, cores)}, {"kind", "cpu"}, {"compute_units", cores}};
  json["peak_flops"] = {{"f32", peak}, {"f64", peak / 2}};
  json["vector_flops"] = peak;
  if (copy) json["bandwidth_bytes_per_s"] = *copy;
  json["memory"] = memory_of(root, info, copy);
  json["clock_hz"] = clock.hz;
  json["scope"] = "cpu-package";
  Json& sources = json["sources"];
  sources["compute_units"] = "cores in /proc/cpuinfo of the machine itself";
  sources["peak_flops"] = fmt::format("a ceiling: {} cores x {} x 2 x {} vector units assumed x {:g} GHz ({})", cores,
                                      lanes.source, lanes.fma, clock.hz / 1e9, clock.source);
  sources["vector_flops"] = "as peak_flops: matrix units are not counted";
  if (copy)
    sources["bandwidth_bytes_per_s"] = "measured on the machine itself: all threads copy memory, read plus write, best of five";
  sources["memory"] = "caches: /sys/devices/system/cpu/cpu0/cache; DRAM: MemTotal in /proc/meminfo";
  sources["clock_hz"] = clock.source;
  sources["scope"] = "RAPL counts whole processor packages; a meter's own scope goes with its rows";
  return {fmt::format("{}-{}c", id_of(name), cores), json.dump(2) + "\n"};
}

}  // namespace wattlayer
