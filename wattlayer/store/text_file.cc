#include "wattlayer/store/text_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "wattlayer/core/error.h"

namespace wattlayer {

std::string read_text_file(const std::filesystem::path& file) {
  constexpr size_t limit = size_t{1} << 30;
  errno = 0;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: it is a folder; name a file", file.string()));
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> handle(gzopen(file.c_str(), "rb"), gzclose);
  if (!handle)
    throw Error(ErrorKind::io, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno ? errno : ENOMEM)));
  std::string text;
  std::vector<char> chunk(1 << 16);
  for (;;) {
    const int count = gzread(handle.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    int status = Z_OK;
    const std::string message = gzerror(handle.get(), &status);
    if (count < 0 || (status != Z_OK && status != Z_STREAM_END))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{} is not a complete gzip file ({}); fetch it again", file.string(), message));
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(count));
    if (text.size() > limit)
      throw Error(ErrorKind::invalid_input, fmt::format("{} holds more than 1 GiB of text; split it", file.string()));
  }
}

void write_text_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) throw Error(ErrorKind::io, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

}  // namespace wattlayer
