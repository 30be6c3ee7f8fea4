#include "cli/collect_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

constexpr std::chrono::milliseconds between_bars{200};
constexpr std::chrono::minutes between_lines{1};

std::string bar(double share, int width) {
  const int full = static_cast<int>(std::floor(share * width));
  return fmt::format("[{:#<{}}{: <{}}]", "", full, "", width - full);
}

std::string rate(const CollectProgress& p, size_t before) {
  const double minutes = p.elapsed.value / 60;
  return minutes > 0 && p.done > before ? fmt::format("{:.1f}/min, ", static_cast<double>(p.done - before) / minutes) : "";
}

}  // namespace

std::string duration_text(Seconds duration) {
  const auto s = static_cast<int64_t>(std::llround(std::max(0.0, duration.value)));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  if (s < 48 * 3600) return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
  return fmt::format("{} d {:02} h", s / 86400, s / 3600 % 24);
}

Seconds parse_duration(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [unit, status] = std::from_chars(text.data(), end, value);
  const double factor = unit == end || *unit == 's' ? 1 : *unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86400 : 0;
  if (status != std::errc() || end - unit > 1 || factor == 0 || !(value > 0) || !std::isfinite(value))
    throw Error(ErrorKind::invalid_input,
                fmt::format("cannot read the duration '{}': expected such as 90s, 25m or 8h; a bare number is seconds", text));
  return {value * factor};
}

CollectProgressLine::CollectProgressLine() : terminal_(isatty(STDERR_FILENO) == 1), last_(std::chrono::steady_clock::now()) {}

CollectProgressLine::~CollectProgressLine() { clear(); }

void CollectProgressLine::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

void CollectProgressLine::remark(const std::string& text) {
  clear();
  fmt::print(stderr, "wattlayer: {}\n", text);
}

void CollectProgressLine::show(const CollectProgress& p) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? between_bars : std::chrono::duration_cast<std::chrono::milliseconds>(between_lines))) return;
  last_ = now;
  const double share = p.total > 0 ? static_cast<double>(p.done) / static_cast<double>(p.total) : 1;
  const std::string failed = p.failed > 0 ? fmt::format(", {} failed", p.failed) : "";
  const std::string text = fmt::format("{}/{} ({:.0f} %){}, {}{} left", p.done, p.total, 100 * share, failed, rate(p, p.present),
                                       duration_text(p.left));
  if (!terminal_) {
    fmt::print(stderr, "wattlayer: {}\n", text);
    return;
  }
  winsize size{};
  const size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40 ? size.ws_col : 80;
  std::string line = fmt::format("{} {}  {}", bar(share, 20), text, p.item);
  if (line.size() >= columns) line.resize(columns - 1);
  fmt::print(stderr, "\r{}\x1b[K", line);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace wattlayer::cli
