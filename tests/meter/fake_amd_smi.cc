// A library that speaks AMD SMI's C interface about one board that does not exist, at 250 W. The test says what time it is.
#include <cstdint>

namespace {

constexpr int success = 0, invalid = 1;
double now_s = 0;
char socket, board;

}  // namespace

extern "C" {

void fake_amd_smi_set_time(double seconds) { now_s = seconds; }

int amdsmi_init(uint64_t flags) { return flags == 2 ? success : invalid; }
int amdsmi_shut_down() { return success; }
int amdsmi_get_socket_handles(uint32_t* count, void** handles) {
  if (handles) handles[0] = &socket;
  return *count = 1, success;
}
int amdsmi_get_processor_handles(void* of, uint32_t* count, void** handles) {
  if (of != &socket) return invalid;
  if (handles) handles[0] = &board;
  return *count = 1, success;
}
int amdsmi_get_gpu_bdf_id(void* of, uint64_t* id) {
  return *id = (uint64_t{1} << 32) | (0x2A << 8) | (3 << 3) | 1, of == &board ? success : invalid;
}
int amdsmi_get_energy_count(void* of, uint64_t* raw, float* unit_uj, uint64_t* time) {
  *unit_uj = 15.259F, *time = 0;
  *raw = static_cast<uint64_t>((500 + 250 * now_s) / 15.259e-6);
  return of == &board ? success : invalid;
}

}  // extern "C"
