#pragma once
#include <cstddef>
#include <filesystem>
#include <string_view>

namespace wattlayer {

/// A file mapped into memory: pages that nobody reads are never loaded, so weights cost nothing.
class MappedFile {
 public:
  /// Throws Error(io) when it cannot be read, Error(invalid_input) when it is empty or not a file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wattlayer
