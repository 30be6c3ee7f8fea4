#include "wattlayer/graph/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

[[noreturn]] void cannot_read(const std::filesystem::path& path) {
  throw Error(ErrorKind::io,
              "cannot read " + path.string() + ": " + std::strerror(errno) + "; check the path and its permissions");
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) cannot_read(path);
  struct stat info {};
  if (fstat(file, &info) != 0) {
    close(file);
    cannot_read(path);
  }
  if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    close(file);
    throw Error(ErrorKind::invalid_input,
                path.string() + (S_ISREG(info.st_mode) ? " is empty" : " is not a file") + "; expected an ONNX file");
  }
  size_ = static_cast<size_t>(info.st_size);
  void* address = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (address == MAP_FAILED) cannot_read(path);
  address_ = address;
  // Weights are skipped over: reading ahead would load them.
  madvise(address_, size_, MADV_RANDOM);
  // Nor map 2 MiB of the page cache at each header: resident memory would be the size of the file.
  madvise(address_, size_, MADV_NOHUGEPAGE);
}

MappedFile::~MappedFile() {
  if (address_) munmap(address_, size_);
}

}  // namespace wattlayer
