#include "wattlayer/meter/amd_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

#include "wattlayer/meter/hwmon_chip.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

constexpr int success = 0;

template <class Function>
void find(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

/// Both libraries pack domain, bus, device and function of a board alike (rocm_smi.h, rsmi_dev_pci_id_get).
std::string pci_text(uint64_t id) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{}", id >> 32, (id >> 8) & 0xFF, (id >> 3) & 0x1F, id & 7);
}

/// librocm_smi64, from its reference; names and numbers are its own.
class RocmSmi final : public AmdLibrary {
 public:
  explicit RocmSmi(void* library) {
    find(library, init_, "rsmi_init");
    find(library, shut_down_, "rsmi_shut_down");
    find(library, count_, "rsmi_num_monitor_devices");
    find(library, device_name_, "rsmi_dev_name_get");
    find(library, pci_, "rsmi_dev_pci_id_get");
    find(library, energy_, "rsmi_dev_energy_count_get");
    find(library, instant_, "rsmi_dev_current_socket_power_get");
    find(library, average_, "rsmi_dev_power_ave_get");
    find(library, temperature_, "rsmi_dev_temp_metric_get");
    find(library, cap_, "rsmi_dev_power_cap_get");
    if (!init_ || !shut_down_ || !count_) {
      init_failure_ = "it lacks rsmi_init, rsmi_shut_down or rsmi_num_monitor_devices";
      return;
    }
    if (const int code = init_(0)) init_failure_ = fmt::format("rsmi_init fails with status {}", code);
  }
  ~RocmSmi() override {
    if (init_failure_.empty()) shut_down_();
  }

  std::vector<AmdBoard> boards() const override {
    std::vector<AmdBoard> all;
    uint32_t count = 0;
    if (!init_failure_.empty() || count_(&count) != success) return all;
    for (uint32_t i = 0; i < count; ++i) {
      AmdBoard board{.index = static_cast<int>(i), .name = "AMD graphics board"};
      std::array<char, 128> name{};
      if (device_name_ && device_name_(i, name.data(), name.size() - 1) == success) board.name = name.data();
      uint64_t pci = 0;
      if (pci_ && pci_(i, &pci) == success) board.pci = pci_text(pci);
      board.power_file = power_file_of(board.pci);
      all.push_back(std::move(board));
    }
    return all;
  }

  std::optional<AmdEnergy> energy(const AmdBoard& board) const override {
    AmdEnergy energy;
    float unit = 0;
    uint64_t time = 0;
    if (!energy_ || energy_(index(board), &energy.raw, &unit, &time) != success || !(unit > 0)) return {};
    energy.unit_uj = static_cast<double>(unit);
    return energy;
  }

  std::optional<Watts> power(const AmdBoard& board) const override {
    uint64_t microwatts = 0;
    if (instant_ && instant_(index(board), &microwatts) == success && known(microwatts)) return watts(microwatts);
    if (average_ && average_(index(board), 0, &microwatts) == success && known(microwatts)) return watts(microwatts);
    return AmdLibrary::power(board);
  }

  DeviceState state(const AmdBoard& board) const override {
    constexpr uint32_t junction = 1, edge = 0;
    DeviceState state;
    for (const uint32_t sensor : {edge, junction}) {
      int64_t millidegrees = 0;
      if (temperature_ && temperature_(index(board), sensor, 0, &millidegrees) == success)
        state.temperature_c = static_cast<double>(millidegrees) * 1e-3;
    }
    uint64_t microwatts = 0;
    if (cap_ && cap_(index(board), 0, &microwatts) == success && known(microwatts)) state.power_limit_w = watts(microwatts).value;
    return state;
  }

 private:
  static uint32_t index(const AmdBoard& board) { return static_cast<uint32_t>(board.index); }
  static Watts watts(uint64_t microwatts) { return {static_cast<double>(microwatts) * 1e-6}; }
  /// 0 and all ones stand for what a board does not tell.
  static bool known(uint64_t microwatts) { return microwatts > 0 && microwatts != ~uint64_t{0}; }

  int (*init_)(uint64_t) = nullptr;
  int (*shut_down_)() = nullptr;
  int (*count_)(uint32_t*) = nullptr;
  int (*device_name_)(uint32_t, char*, size_t) = nullptr;
  int (*pci_)(uint32_t, uint64_t*) = nullptr;
  int (*energy_)(uint32_t, uint64_t*, float*, uint64_t*) = nullptr;
  int (*instant_)(uint32_t, uint64_t*) = nullptr;
  int (*average_)(uint32_t, uint32_t, uint64_t*) = nullptr;
  int (*temperature_)(uint32_t, uint32_t, int, int64_t*) = nullptr;
  int (*cap_)(uint32_t, uint32_t, uint64_t*) = nullptr;
};

/// libamd_smi. Its structures grow from version to version, so only calls with plain arguments are made; power comes from sysfs.
class AmdSmi final : public AmdLibrary {
 public:
  explicit AmdSmi(void* library) {
    constexpr uint64_t graphics = 2;  // AMDSMI_INIT_AMD_GPUS
    find(library, init_, "amdsmi_init");
    find(library, shut_down_, "amdsmi_shut_down");
    find(library, sockets_, "amdsmi_get_socket_handles");
    find(library, processors_, "amdsmi_get_processor_handles");
    find(library, pci_, "amdsmi_get_gpu_bdf_id");
    find(library, energy_, "amdsmi_get_energy_count");
    if (!init_ || !shut_down_ || !sockets_ || !processors_)
      init_failure_ = "it lacks amdsmi_init, amdsmi_shut_down, amdsmi_get_socket_handles or amdsmi_get_processor_handles";
    else if (const int code = init_(graphics)) init_failure_ = fmt::format("amdsmi_init fails with status {}", code);
  }
  ~AmdSmi() override {
    if (init_failure_.empty()) shut_down_();
  }

  std::vector<AmdBoard> boards() const override {
    std::vector<AmdBoard> all;
    for (void* socket : handles([this](uint32_t*n, void**h) { return sockets_(n, h); }))
      for (void* processor : handles([&](uint32_t*n, void**h) { return processors_(socket, n, h); })) {
        AmdBoard board{.index = static_cast<int>(all.size()), .handle = processor, .name = "AMD graphics board"};
        uint64_t pci = 0;
        if (pci_ && pci_(processor, &pci) == success) board.pci = pci_text(pci);
        board.power_file = power_file_of(board.pci);
        board.power_file = power_file_of(board.pci);
        all.push_back(std::move(board));
      }
    return all;
  }

  std::optional<AmdEnergy> energy(const AmdBoard& board) const override {
    AmdEnergy energy;
    float unit = 0;
    uint64_t time = 0;
    if (!energy_ || energy_(board.handle, &energy.raw, &unit, &time) != success || !(unit > 0)) return {};
    energy.unit_uj = static_cast<double>(unit);
    return energy;
  }

 private:
  /// Asked twice: how many, then which.
  template <class Call>
  std::vector<void*> handles(Call call) const {
    uint32_t count = 0;
    if (!init_failure_.empty() || call(&count, nullptr) != success) return {};
    std::vector<void*> all(count);
    if (count > 0 && call(&count, all.data()) != success) return {};
    all.resize(count);
    return all;
  }

  int (*init_)(uint64_t) = nullptr;
  int (*shut_down_)() = nullptr;
  int (*sockets_)(uint32_t*, void**) = nullptr;
  int (*processors_)(void*, uint32_t*, void**) = nullptr;
  int (*pci_)(void*, uint64_t*) = nullptr;
  int (*energy_)(void*, uint64_t*, float*, uint64_t*) = nullptr;
};

}  // namespace

std::shared_ptr<AmdLibrary> AmdLibrary::load(const std::vector<std::string>& names, const std::filesystem::path& root) {
  std::shared_ptr<AmdLibrary> found;
  for (const std::string& name : names) {
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) continue;
    if (dlsym(library, "rsmi_init")) found = std::make_shared<RocmSmi>(library);
    else found = std::make_shared<AmdSmi>(library);
    found->name_ = name;
    found->root_ = root;
    if (found->init_failure_.empty()) return found;
  }
  return found;
}

std::filesystem::path AmdLibrary::power_file_of(const std::string& pci) const {
  for (const HwmonChip& chip : read_hwmon(root_))
    if (chip.device == pci && !chip.sensors.empty() && !chip.sensors.front().counts_energy) return chip.sensors.front().file;
  return {};
}

std::optional<Watts> AmdLibrary::power(const AmdBoard& board) const {
  if (board.power_file.empty()) return {};
  const auto microwatts = number_of(board.power_file);
  if (!microwatts || *microwatts == 0) return {};
  return Watts{static_cast<double>(*microwatts) * 1e-6};
}

}  // namespace wattlayer
