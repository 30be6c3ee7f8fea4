#include "wattlayer/meter/nvml_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace wattlayer {
namespace {

// The C interface, from NVIDIA's NVML API reference; names and numbers are its own.
using Device = void*;
constexpr int success = 0;
constexpr uint32_t field_power_instant = 186;
constexpr int clock_sm = 1, clock_memory = 2;
constexpr int sensor_gpu = 0;
constexpr uint32_t virtualization_vgpu = 2;
constexpr uint32_t value_not_available = 0xFFFFFFFF;

/// nvmlFieldValue_t.
struct FieldValue {
  uint32_t field;
  uint32_t scope;
  long long timestamp_us;
  long long latency_us;
  uint32_t type;
  int code;
  union {
    double d;
    int32_t si;
    uint32_t ui;
    unsigned long ul;
    unsigned long long ull;
    long long sll;
  } value;
};
static_assert(sizeof(FieldValue) == 40);

struct ThrottleReason {
  unsigned long long bit;
  const char* words;
};

constexpr ThrottleReason throttle_reasons[] = {
    // nvmlClocksThrottleReason*; 0x1, idle, slows nothing
    {0x2, "application clocks"}, {0x4, "power cap"},         {0x8, "hardware slowdown"}, {0x10, "sync boost"},
    {0x20, "thermal"},           {0x40, "hardware thermal"}, {0x80, "power brake"},      {0x100, "display clocks"},
};

}  // namespace

struct NvmlLibrary::Functions {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*handle_by_index)(unsigned, Device*) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*uuid)(Device, char*, unsigned) = nullptr;
  int (*mig_mode)(Device, unsigned*, unsigned*) = nullptr;
  int (*virtualization_mode)(Device, unsigned*) = nullptr;
  int (*total_energy)(Device, unsigned long long*) = nullptr;
  int (*field_values)(Device, int, FieldValue*) = nullptr;
  int (*power_usage)(Device, unsigned*) = nullptr;
  int (*clock)(Device, int, unsigned*) = nullptr;
  int (*temperature)(Device, int, unsigned*) = nullptr;
  int (*power_limit)(Device, unsigned*) = nullptr;
  int (*throttle)(Device, unsigned long long*) = nullptr;

  template <class Function>
  static void find(void* library, Function& function, std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (!function) function = reinterpret_cast<Function>(dlsym(library, name));
  }

  explicit Functions(void* library) {
    find(library, init, {"nvmlInit_v2", "nvmlInit"});
    find(library, shutdown, {"nvmlShutdown"});
    find(library, error_string, {"nvmlErrorString"});
    find(library, driver_version, {"nvmlSystemGetDriverVersion"});
    find(library, count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
    find(library, handle_by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
    find(library, name, {"nvmlDeviceGetName"});
    find(library, uuid, {"nvmlDeviceGetUUID"});
    find(library, mig_mode, {"nvmlDeviceGetMigMode"});
    find(library, virtualization_mode, {"nvmlDeviceGetVirtualizationMode"});
    find(library, total_energy, {"nvmlDeviceGetTotalEnergyConsumption"});
    find(library, field_values, {"nvmlDeviceGetFieldValues"});
    find(library, power_usage, {"nvmlDeviceGetPowerUsage"});
    find(library, clock, {"nvmlDeviceGetClockInfo"});
    find(library, temperature, {"nvmlDeviceGetTemperature"});
    find(library, power_limit, {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"});
    find(library, throttle, {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"});
  }
};

namespace {

/// Calls a function that an old library may lack.
template <class Value, class Function, class... Arguments>
NvmlReply<Value> ask(Function function, Device device, Arguments... arguments) {
  NvmlReply<Value> reply{.code = NvmlReply<Value>::not_found};
  if (function) reply.code = function(device, arguments..., &reply.value);
  return reply;
}

/// A text that NVML writes into 96 characters.
template <class Call>
std::string text_of(Call call) {
  std::array<char, 96> text{};
  return call(text.data(), static_cast<unsigned>(text.size())) == success ? std::string(text.data()) : "";
}

std::optional<double> known(const NvmlReply<unsigned>& reply, double unit) {
  if (!reply || reply.value == value_not_available) return {};
  return reply.value * unit;
}

}  // namespace

NvmlLibrary::NvmlLibrary() = default;

std::shared_ptr<NvmlLibrary> NvmlLibrary::load(const std::string& name) {
  // It stays loaded: drivers keep threads and state of their own in it.
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return nullptr;
  std::shared_ptr<NvmlLibrary> nvml(new NvmlLibrary);
  nvml->call_ = std::make_unique<Functions>(library);
  const Functions& f = *nvml->call_;
  if (!f.init || !f.shutdown || !f.count || !f.handle_by_index) {
    nvml->init_failure_ = name + " is no NVML: it lacks nvmlInit, nvmlShutdown, nvmlDeviceGetCount or nvmlDeviceGetHandleByIndex";
    return nvml;
  }
  const int code = f.init();
  nvml->initialised_ = code == success;
  if (code != success) nvml->init_failure_ = nvml->words(code);
  return nvml;
}

NvmlLibrary::~NvmlLibrary() {
  if (initialised_) call_->shutdown();
}

std::string NvmlLibrary::words(int code) const {
  const char* text = call_->error_string ? call_->error_string(code) : nullptr;
  return text ? fmt::format("{} (NVML {})", text, code) : fmt::format("NVML error {}", code);
}

std::string NvmlLibrary::driver() const { return call_->driver_version ? text_of(call_->driver_version) : ""; }

std::vector<NvmlBoard> NvmlLibrary::boards() const {
  std::vector<NvmlBoard> all;
  unsigned count = 0;
  if (!initialised_ || call_->count(&count) != success) return all;
  for (unsigned i = 0; i < count; ++i) {
    NvmlBoard board{.index = static_cast<int>(i)};
    if (call_->handle_by_index(i, &board.handle) != success) continue;
    const auto text = [&](auto function) {
      return function ? text_of([&](char* t, unsigned size) { return function(board.handle, t, size); }) : std::string();
    };
    board.name = text(call_->name);
    board.uuid = text(call_->uuid);
    unsigned current = 0, pending = 0;
    board.mig = call_->mig_mode && call_->mig_mode(board.handle, &current, &pending) == success && current == 1;
    const auto mode = ask<unsigned>(call_->virtualization_mode, board.handle);
    board.vgpu = mode && mode.value == virtualization_vgpu;
    all.push_back(std::move(board));
  }
  return all;
}

NvmlReply<uint64_t> NvmlLibrary::energy_mj(const NvmlBoard& board) const {
  const auto reply = ask<unsigned long long>(call_->total_energy, board.handle);
  if (reply && reply.value == ~0ULL) return {.code = NvmlReply<uint64_t>::not_supported};
  return {reply.value, reply.code};
}

NvmlReply<uint32_t> NvmlLibrary::instant_power_mw(const NvmlBoard& board) const {
  if (!call_->field_values) return {.code = NvmlReply<uint32_t>::not_found};
  FieldValue field{};
  field.field = field_power_instant;
  const int code = call_->field_values(board.handle, 1, &field);
  if (code != success) return {.code = code};
  if (field.code == success && field.value.ui == value_not_available) return {.code = NvmlReply<uint32_t>::not_supported};
  return {field.value.ui, field.code};
}

NvmlReply<uint32_t> NvmlLibrary::power_usage_mw(const NvmlBoard& board) const {
  const auto reply = ask<unsigned>(call_->power_usage, board.handle);
  if (reply && reply.value == value_not_available) return {.code = NvmlReply<uint32_t>::not_supported};
  return {reply.value, reply.code};
}

DeviceState NvmlLibrary::state(const NvmlBoard& board) const {
  DeviceState state;
  state.clock_hz = known(ask<unsigned>(call_->clock, board.handle, clock_sm), 1e6);
  state.memory_clock_hz = known(ask<unsigned>(call_->clock, board.handle, clock_memory), 1e6);
  state.temperature_c = known(ask<unsigned>(call_->temperature, board.handle, sensor_gpu), 1);
  state.power_limit_w = known(ask<unsigned>(call_->power_limit, board.handle), 1e-3);
  if (const auto reasons = ask<unsigned long long>(call_->throttle, board.handle)) {
    state.throttle.emplace();
    for (const ThrottleReason& reason : throttle_reasons)
      if (reasons.value & reason.bit) state.throttle->emplace_back(reason.words);
  }
  return state;
}

}  // namespace wattlayer
