#include "wattlayer/meter/meter_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string file_name(const std::string& device) {
  std::string name = "wattlayer-";
  for (const char c : device) name += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ? c : '_';
  return name + ".lock";
}

/// In a folder with the sticky bit the kernel may refuse O_CREAT for a file of another user, so that is tried last.
int open_lock_file(const std::filesystem::path& path) {
  constexpr int flags = O_CLOEXEC | O_NOFOLLOW;
  for (int attempt = 0; attempt < 3; ++attempt) {
    int file = open(path.c_str(), O_RDWR | flags);
    if (file < 0 && errno == EACCES) file = open(path.c_str(), O_RDONLY | flags);
    if (file >= 0 || errno != ENOENT) return file;
    file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | flags, 0666);
    if (file >= 0) {
      if (fchmod(file, 0666) != 0) errno = 0;  // the umask of the first user must not shut out the others
      return file;
    }
    if (errno != EEXIST) return -1;
  }
  return -1;
}

/// `process 4711 (wattlayer)` as the holder wrote it.
std::string holder(int file) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), size > 0 ? std::strcspn(text.data(), "\n") : 0);
  if (pid.empty()) return "another process";
  std::string name;
  std::getline(std::ifstream("/proc/" + pid + "/comm"), name);
  return name.empty() ? "process " + pid : fmt::format("process {} ({})", pid, name);
}

void write_pid(int file) {
  const std::string text = fmt::format("{}\n", getpid());
  // A lock file of another user may be readable only; the lock holds all the same.
  if (ftruncate(file, 0) == 0 && pwrite(file, text.data(), text.size(), 0) < 0) errno = 0;
}

}  // namespace

MeterLock::MeterLock(const std::string& device, const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / file_name(device);
  file_ = open_lock_file(path);
  if (file_ < 0)
    throw Error(ErrorKind::unavailable,
                fmt::format("cannot lock the meter {}: cannot open {}: {}; let every user write to that folder", device,
                            path.string(), std::strerror(errno)));
  int locked;
  do locked = flock(file_, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR);
  if (locked == 0) {
    write_pid(file_);
    return;
  }
  const std::string why = errno == EWOULDBLOCK
                              ? fmt::format(
                                    "the meter {} is in use by {}, and two measurements at once would count each other's "
                                    "energy; wait for it or end it",
                                    device, holder(file_))
                              : fmt::format("cannot lock the meter {}: {}: {}", device, path.string(), std::strerror(errno));
  close(std::exchange(file_, -1));
  throw Error(ErrorKind::unavailable, why);
}

MeterLock::~MeterLock() {
  if (file_ >= 0) close(file_);
}

MeterLock::MeterLock(MeterLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

std::vector<MeterLock> lock_meters(std::span<Meter* const> meters, const std::filesystem::path& folder) {
  std::set<std::string> devices;  // in one order for every process
  for (Meter* meter : meters) {
    std::string_view rest = meter->info().device;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      devices.emplace(rest.substr(0, comma));
      rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  std::vector<MeterLock> locks;
  for (const std::string& device : devices) locks.emplace_back(device, folder);
  return locks;
}

std::filesystem::path meter_lock_folder() {
  // By its mode, not by what this user may do: all users must come to the same folder.
  struct stat about {};
  const bool shared = stat("/run/lock", &about) == 0 && (about.st_mode & S_IWOTH) != 0;
  return shared ? "/run/lock" : "/tmp";
}

}  // namespace wattlayer
