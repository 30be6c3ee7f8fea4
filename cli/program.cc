#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>

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

namespace {

/// Levenshtein distance.
size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  if (known.empty()) return "; none is known";
  if (known.size() <= 6) return fmt::format("; known: {}", fmt::join(known, ", "));
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& k : known) {
    const bool inside = !name.empty() && (k.find(name) != k.npos || name.find(k) != name.npos);
    ranked.emplace_back(inside ? 0 : edits(name.substr(0, 200), k), k);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> near;
  for (const auto& [distance, k] : ranked)
    if (near.size() < 3 || (near.size() < 6 && distance <= 2)) near.push_back(k);
  return fmt::format("; nearest of {}: {}", known.size(), fmt::join(near, ", "));
}

std::vector<std::string> ids(const DataFiles& files, std::string_view folder, std::string_view ending) {
  std::vector<std::string> result;
  for (const std::string& name : files.list(folder))
    if (name.size() > ending.size() && name.ends_with(ending)) result.push_back(name.substr(0, name.size() - ending.size()));
  return result;
}

std::string require_file(const DataFiles& files, std::string_view folder, std::string_view id) {
  // An id is a plain file name; a path must not leave the data folder.
  if (id.find('/') == id.npos && id != ".." && !id.empty())
    if (auto text = files.read(folder, fmt::format("{}.json", id))) return *text;
  std::string_view kind = folder == "engines" ? "engine" : folder == "datasets" ? "data set" : folder;
  throw Error(ErrorKind::invalid_input,
              fmt::format("unknown {} '{}'{}", kind, id.substr(0, 200), nearest(id, ids(files, folder))));
}

}  // namespace wattlayer::cli
