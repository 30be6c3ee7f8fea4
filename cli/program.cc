#include "cli/program.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "wattlayer/core/error.h"

namespace wattlayer::cli {

void write_output(std::string_view text, const std::filesystem::path& file) {
  if (!file.empty()) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    if (!out) throw Error(ErrorKind::io, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
    return;
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error(ErrorKind::io, fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

void require_writable(const std::filesystem::path& file) {
  if (file.empty()) return;
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (std::filesystem::is_directory(file))
    throw Error(ErrorKind::io, fmt::format("cannot write {}: it is a folder", file.string()));
  if (::access(std::filesystem::exists(file) ? file.c_str() : folder.c_str(), W_OK) != 0)
    throw Error(ErrorKind::io, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

void write_remark(std::string_view text) { fmt::print(stderr, "wattlayer: {}\n", text); }

Terminal terminal() {
  Terminal t;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  t.colour = is_terminal && !(no_colour && *no_colour) && !(kind && std::string_view(kind) == "dumb");
  winsize size{};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40) t.columns = size.ws_col;
  return t;
}

}  // namespace wattlayer::cli
