// A library that speaks ROCm SMI's C interface about two dies that do not exist, the second of which tells nothing. What happens
// is set by the test.
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace {

constexpr int success = 0, not_supported = 2;
double energy_j = 1000, power_w = 100;
bool counter = true, power = true;
int init_status = 0;

}  // namespace

extern "C" {

void fake_rocm_set(double energy, double watts, bool has_counter, bool has_power, int status) {
  energy_j = energy, power_w = watts, counter = has_counter, power = has_power, init_status = status;
}

int rsmi_init(uint64_t) { return init_status; }
int rsmi_shut_down() { return success; }
int rsmi_num_monitor_devices(uint32_t* count) { return *count = 2, success; }
int rsmi_dev_name_get(uint32_t, char* name, size_t size) { return std::snprintf(name, size, "AMD Instinct MI250X"), success; }
int rsmi_dev_pci_id_get(uint32_t index, uint64_t* id) { return *id = (0xC1 + index) << 8, success; }
int rsmi_dev_energy_count_get(uint32_t index, uint64_t* raw, float* unit_uj, uint64_t* time) {
  *unit_uj = 15.3F, *time = 0;
  *raw = index == 0 ? static_cast<uint64_t>(energy_j / 15.3e-6) : 0;
  return counter ? success : not_supported;
}
int rsmi_dev_power_ave_get(uint32_t index, uint32_t, uint64_t* microwatts) {
  *microwatts = index == 0 ? static_cast<uint64_t>(power_w * 1e6) : 0;
  return power ? success : not_supported;
}
int rsmi_dev_current_socket_power_get(uint32_t, uint64_t*) { return not_supported; }
int rsmi_dev_temp_metric_get(uint32_t, uint32_t sensor, int, int64_t* millidegrees) {
  return *millidegrees = sensor == 1 ? 71000 : 60000, success;
}
int rsmi_dev_power_cap_get(uint32_t, uint32_t, uint64_t* microwatts) { return *microwatts = 560'000'000, success; }

}  // extern "C"
