#include "wattlayer/meter/system_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

/// Digits compare as numbers.
bool counts_before(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      const size_t end_i = std::min(a.find_first_not_of("0123456789", i), a.size());
      const size_t end_j = std::min(b.find_first_not_of("0123456789", j), b.size());
      if (end_i - i != end_j - j) return end_i - i < end_j - j;
      if (const int order = a.compare(i, end_i - i, b, j, end_j - j)) return order < 0;
      i = end_i;
      j = end_j;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i, ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

}  // namespace

SystemText read_line(const std::filesystem::path& file) {
  const int f = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (f < 0) return {{}, errno};
  std::array<char, 4096> text;
  ssize_t size;
  do size = read(f, text.data(), text.size());
  while (size < 0 && errno == EINTR);
  const int error = size < 0 ? errno : 0;
  close(f);
  if (error) return {{}, error};
  const std::string whole(text.data(), static_cast<size_t>(size));
  return {whole.substr(0, whole.find('\n')), 0};
}

std::optional<std::string> line_of(const std::filesystem::path& file) {
  SystemText line = read_line(file);
  if (line.error) return {};
  return std::move(line.text);
}

std::optional<uint64_t> number_of(const std::filesystem::path& file) {
  const SystemText line = read_line(file);
  return line.error ? std::nullopt : parse<uint64_t>(line.text);
}

namespace {

template <class Number>
Number require(const std::filesystem::path& file) {
  const SystemText line = read_line(file);
  if (line.error == ENOENT || line.error == ENODEV || line.error == ENXIO)
    throw Error(ErrorKind::unavailable, fmt::format("{} has disappeared; was its driver unloaded?", file.string()));
  if (line.error)
    throw Error(ErrorKind::unavailable, fmt::format("cannot read {}: {}", file.string(), std::strerror(line.error)));
  const auto value = parse<Number>(line.text);
  if (!value)
    throw Error(ErrorKind::unavailable,
                fmt::format("cannot read {}: expected a whole number, found '{}'", file.string(), line.text.substr(0, 40)));
  return *value;
}

}  // namespace

uint64_t require_number(const std::filesystem::path& file) { return require<uint64_t>(file); }
int64_t require_signed_number(const std::filesystem::path& file) { return require<int64_t>(file); }

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != std::filesystem::directory_iterator();
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end(), counts_before);
  return names;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

}  // namespace wattlayer
