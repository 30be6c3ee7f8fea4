#include "wattlayer/core/text_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "wattlayer/core/error.h"

namespace wattlayer {

std::string read_text(const std::filesystem::path& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  if (std::filesystem::is_directory(file))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: it is a folder", file.string()));
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) throw Error(ErrorKind::io, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno ? errno : EIO)));
  return text;
}

}  // namespace wattlayer
