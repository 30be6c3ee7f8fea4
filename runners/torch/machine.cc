#include "machine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace runner {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The text behind the colon in the first line that starts with `key`.
std::string field(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

/// Last-level cache of the first socket: its caches of the highest level, each counted once.
double cache_bytes() {
  const fs::path cpus = "/sys/devices/system/cpu";
  const std::string socket = first_line(cpus / "cpu0/topology/physical_package_id");
  std::map<int, std::map<std::string, double>> levels;  // level -> CPUs that share it -> size
  std::error_code fault;
  for (const auto& cpu : fs::directory_iterator(cpus, fault)) {
    if (first_line(cpu.path() / "topology/physical_package_id") != socket || socket.empty()) continue;
    for (const auto& cache : fs::directory_iterator(cpu.path() / "cache", fault)) {
      const std::string size = first_line(cache.path() / "size"), level = first_line(cache.path() / "level");
      if (size.empty() || level.empty() || first_line(cache.path() / "type") == "Instruction") continue;
      const double unit = size.back() == 'K' ? 1024.0 : size.back() == 'M' ? 1048576.0 : 1.0;
      levels[std::stoi(level)][first_line(cache.path() / "shared_cpu_list")] = std::stod(size) * unit;
    }
  }
  double sum = 0;
  if (!levels.empty())
    for (const auto& [shared, size] : levels.rbegin()->second) sum += size;
  return sum;
}

/// The BLAS that is loaded, by the files in this process: its alternatives differ tenfold.
std::string loaded_blas() {
  std::ifstream maps("/proc/self/maps");
  std::string found;
  for (std::string line; std::getline(maps, line);) {
    const size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const fs::path file = line.substr(slash);
    const std::string name = file.filename().string();
    for (const char* known : {"libopenblas", "libmkl_rt", "libblis", "libatlas", "libblas"})
      if (name.rfind(known, 0) == 0 && (found.empty() || found.rfind("libblas", 0) == 0)) found = file.string();
  }
  return found;
}

/// The driver's own interface: no CUDA headers, and none of libtorch's either.
class Driver {
 public:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    int (*init)(unsigned) = nullptr;
    if (!find(init, "cuInit") || init(0) != 0) library_ = nullptr;
  }

  json describe(int index) const {
    json device = {{"id", "cuda:" + std::to_string(index)}, {"name", "CUDA device"}, {"facts", json::object()}};
    int (*handle)(int*, int) = nullptr;
    int number = 0;
    if (!find(handle, "cuDeviceGet") || handle(&number, index) != 0) return device;
    int (*name_of)(char*, int, int) = nullptr;
    std::array<char, 256> text{};
    if (find(name_of, "cuDeviceGetName") && name_of(text.data(), 255, number) == 0) device["name"] = text.data();
    int (*memory)(size_t*, int) = nullptr;
    size_t bytes = 0;
    if (find(memory, "cuDeviceTotalMem_v2") && memory(&bytes, number) == 0) device["memory_bytes"] = bytes;
    int (*attribute)(int*, int, int) = nullptr;
    constexpr int l2_cache_size = 38;  // CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE
    int cache = 0;
    if (find(attribute, "cuDeviceGetAttribute") && attribute(&cache, l2_cache_size, number) == 0) device["cache_bytes"] = cache;
    if (const std::string id = uuid(number); !id.empty()) device["facts"]["uuid"] = id;
    return device;
  }

 private:
  template <typename Function>
  bool find(Function& function, const char* name) const {
    function = library_ ? reinterpret_cast<Function>(dlsym(library_, name)) : nullptr;
    return function != nullptr;
  }

  std::string uuid(int number) const {
    int (*read)(unsigned char*, int) = nullptr;
    std::array<unsigned char, 16> bytes{};
    if (!find(read, "cuDeviceGetUuid") || read(bytes.data(), number) != 0) return "";
    std::string text = "GPU-";
    for (size_t i = 0; i < bytes.size(); ++i) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", bytes[i]);
      text += (i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "") + std::string(two);
    }
    return text;
  }

  void* library_;
};

int cuda_devices() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0; }

json cpu() {
  std::string name = field("/proc/cpuinfo", "model name");
  if (name.empty()) name = "CPU";
  json device = {{"id", "cpu"}, {"name", name}, {"facts", {{"threads", std::to_string(at::get_num_threads())}}}};
  if (const std::string memory = field("/proc/meminfo", "MemTotal"); !memory.empty())
    device["memory_bytes"] = std::stod(memory) * 1024;
  if (const double cache = cache_bytes(); cache > 0) device["cache_bytes"] = cache;
  return device;
}

}  // namespace

json devices() {
  json list = json::array({cpu()});
  if (const int count = cuda_devices(); count > 0) {
    const Driver driver;
    for (int i = 0; i < count; ++i) list.push_back(driver.describe(i));
  }
  return list;
}

json facts() {
  json out = {{"torch", version()}, {"openmp", at::hasOpenMP() ? "yes" : "no"}};
  if (at::hasMKL()) out["mkl"] = at::get_mkl_version();
  if (at::hasMKLDNN()) out["mkldnn"] = at::get_mkldnn_version();
  if (const std::string blas = loaded_blas(); !blas.empty()) out["blas"] = blas;
  const std::string config = at::show_config(), key = "CPU capability usage: ";
  if (const size_t at = config.find(key); at != std::string::npos)
    out["cpu_capability"] = config.substr(at + key.size(), config.find('\n', at) - at - key.size());
  if (cuda_devices() > 0) {
    const auto& hooks = at::detail::getCUDAHooks();
    const long cuda = hooks.versionCUDART();
    out["cuda"] = std::to_string(cuda / 1000) + "." + std::to_string(cuda % 1000 / 10);
    if (hooks.hasCuDNN()) out["cudnn"] = std::to_string(hooks.versionCuDNN());
    if (const std::string driver = first_line("/proc/driver/nvidia/version"); !driver.empty()) out["driver"] = driver;
  }
  return out;
}

std::string version() {
  std::string text = TORCH_VERSION;
  if (cuda_devices() > 0) {
    const long cuda = at::detail::getCUDAHooks().versionCUDART();
    text += "+cu" + std::to_string(cuda / 1000) + std::to_string(cuda % 1000 / 10);
  }
  return text;
}

double free_memory_bytes() {
  const std::string text = field("/proc/meminfo", "MemAvailable");
  return text.empty() ? 0 : std::stod(text) * 1024;
}

}  // namespace runner
