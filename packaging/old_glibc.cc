#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <time.h>

#include <cstdint>

// What Debian 12's C++ runtime asks of glibc and glibc 2.28 does not have, for the portable program (tools/build_portable.sh).
extern "C" {

// Since 2.32. False lets reference counts be atomic always, which is right for any number of threads.
char __libc_single_threaded = 0;

// Since 2.30: waits until a time of another clock than the condition's. The time left is what counts.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  constexpr int64_t second = 1'000'000'000;
  timespec now{}, wall{};
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t left = (until->tv_sec - now.tv_sec) * second + until->tv_nsec - now.tv_nsec;
  const int64_t nanoseconds = wall.tv_nsec + (left > 0 ? left : 0);
  const timespec wall_until{static_cast<time_t>(wall.tv_sec + nanoseconds / second), static_cast<long>(nanoseconds % second)};
  return pthread_cond_timedwait(condition, mutex, &wall_until);
}

// Since 2.35: the object that holds an address, and its table for unwinding.
struct Search {
  uintptr_t address;
  dl_find_object* found;
};

static int look(dl_phdr_info* object, size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  bool holds = false;
  uintptr_t start = UINTPTR_MAX, end = 0, table = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    const uintptr_t at = object->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_GNU_EH_FRAME) table = at;
    if (header.p_type != PT_LOAD) continue;
    if (at < start) start = at;
    if (at + header.p_memsz > end) end = at + header.p_memsz;
    holds = holds || (search->address >= at && search->address < at + header.p_memsz);
  }
  if (!holds || table == 0) return 0;
  *search->found = {};
  search->found->dlfo_map_start = reinterpret_cast<void*>(start);
  search->found->dlfo_map_end = reinterpret_cast<void*>(end);
  search->found->dlfo_eh_frame = reinterpret_cast<void*>(table);
  return 1;
}

int _dl_find_object(void* address, dl_find_object* found) noexcept {
  Search search{reinterpret_cast<uintptr_t>(address), found};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}

}  // extern "C"
