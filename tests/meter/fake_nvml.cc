// A library that speaks NVML's C interface about boards that do not exist. A script (FAKE_NVML, or fake_nvml_script()) says how
// they misbehave: `boards=2 power=300 energy=absent`. Time is the machine's, or what fake_nvml_set_time() says.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <string>

namespace {

constexpr int success = 0, invalid_argument = 2, not_supported = 3, lost = 15;

std::recursive_mutex mutex;
std::map<std::string, std::string> script;
double set_time = -1;
bool scripted = false;

void read_script(const char* text) {
  script.clear();
  std::istringstream words(text ? text : "");
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    script[word.substr(0, equals)] = equals == word.npos ? "1" : word.substr(equals + 1);
  }
  scripted = true;
}

std::string setting(const std::string& name, const std::string& otherwise = "") {
  const std::lock_guard lock(mutex);
  if (!scripted) read_script(std::getenv("FAKE_NVML"));
  const auto found = script.find(name);
  return found == script.end() ? otherwise : found->second;
}

double number(const std::string& name, double otherwise) {
  const std::string text = setting(name);
  return text.empty() ? otherwise : std::strtod(text.c_str(), nullptr);
}

/// Seconds, in steps of the sensor's refresh.
double refreshed_time() {
  const double now =
      set_time >= 0 ? set_time : std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  const double refresh = number("refresh", 0.1);
  return std::floor(now / refresh + 1e-9) * refresh;
}

/// Handles are the indexes from 1.
int board_of(void* handle) { return static_cast<int>(reinterpret_cast<intptr_t>(handle)) - 1; }

int check(void* handle) {
  if (board_of(handle) < 0 || board_of(handle) >= number("boards", 1)) return invalid_argument;
  return setting("lost") == "1" ? lost : success;
}

double power_w(int board) { return number("power", 100) + 10 * board; }

template <class Value>
int answer(void* handle, const std::string& name, Value* out, double value) {
  if (const int code = check(handle)) return code;
  const std::string how = setting(name);
  if (how == "absent") return not_supported;
  *out = how == "na" ? static_cast<Value>(-1) : how == "zero" ? 0 : static_cast<Value>(std::llround(value));
  return success;
}

int write_text(const std::string& text, char* out, unsigned size) {
  std::snprintf(out, size, "%s", text.c_str());
  return success;
}

}  // namespace

extern "C" {

struct FakeFieldValue {
  unsigned field, scope;
  long long timestamp, latency;
  unsigned type;
  int code;
  uint64_t value;
};

void fake_nvml_script(const char* text) {
  const std::lock_guard lock(mutex);
  read_script(text);
  set_time = -1;
}
void fake_nvml_set_time(double seconds) {
  const std::lock_guard lock(mutex);
  set_time = seconds;
}

int nvmlInit_v2() { return static_cast<int>(number("init", 0)); }
int nvmlShutdown() { return success; }
const char* nvmlErrorString(int code) {
  switch (code) {
    case not_supported:
      return "Not Supported";
    case 9:
      return "Driver Not Loaded";
    case lost:
      return "GPU is lost";
    case 18:
      return "Driver/library version mismatch";
    default:
      return "Unknown Error";
  }
}
int nvmlSystemGetDriverVersion(char* text, unsigned size) { return write_text("570.86.15", text, size); }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(number("boards", 1));
  return success;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
  *handle = reinterpret_cast<void*>(static_cast<intptr_t>(index) + 1);
  return index < number("boards", 1) ? success : invalid_argument;
}
int nvmlDeviceGetName(void* handle, char* text, unsigned size) {
  (void)handle;
  std::string name = setting("name", "NVIDIA-H100-80GB-HBM3");
  std::replace(name.begin(), name.end(), '-', ' ');
  return write_text(name, text, size);
}
int nvmlDeviceGetUUID(void* handle, char* text, unsigned size) {
  return write_text("GPU-fake-" + std::to_string(board_of(handle)), text, size);
}
int nvmlDeviceGetMigMode(void* handle, unsigned* current, unsigned* pending) {
  *pending = *current = setting("mig") == "1";
  return check(handle);
}
int nvmlDeviceGetVirtualizationMode(void* handle, unsigned* mode) {
  *mode = setting("vgpu") == "1" ? 2 : 0;
  return check(handle);
}
int nvmlDeviceGetTotalEnergyConsumption(void* handle, unsigned long long* mj) {
  const double seconds = setting("energy") == "stuck" ? 1 : setting("energy") == "reset" ? 0.001 : refreshed_time();
  return answer(handle, "energy", mj, power_w(board_of(handle)) * seconds * 1000 + 1e6);
}
int nvmlDeviceGetFieldValues(void* handle, int count, FakeFieldValue* values) {
  for (int i = 0; i < count; ++i) {
    unsigned mw = 0;
    values[i].code = values[i].field != 186 ? not_supported : answer(handle, "field186", &mw, power_w(board_of(handle)) * 1000);
    values[i].value = mw;
  }
  return check(handle);
}
int nvmlDeviceGetPowerUsage(void* handle, unsigned* mw) { return answer(handle, "usage", mw, power_w(board_of(handle)) * 1000); }
int nvmlDeviceGetClockInfo(void* handle, int type, unsigned* mhz) {
  return answer(handle, "clock", mhz, type == 1 ? 1980 : 2619);
}
int nvmlDeviceGetTemperature(void* handle, int, unsigned* celsius) { return answer(handle, "temperature", celsius, 63); }
int nvmlDeviceGetEnforcedPowerLimit(void* handle, unsigned* mw) { return answer(handle, "limit", mw, 700'000); }
int nvmlDeviceGetCurrentClocksThrottleReasons(void* handle, unsigned long long* reasons) {
  *reasons = std::strtoull(setting("throttle", "1").c_str(), nullptr, 0);
  return check(handle);
}

}  // extern "C"
