#include "cli/epoch_marks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/store/csv.h"

namespace wattlayer::cli {
namespace {

constexpr size_t longest_line = 4096;  // of a line's end, compared with the pattern
constexpr int look_ms = 100;

std::regex parsed(const std::string& pattern) {
  try {
    return std::regex(pattern);
  } catch (const std::regex_error& e) {
    throw Error(ErrorKind::invalid_input, fmt::format("--epoch-pattern '{}' is no regular expression: {}", pattern, e.what()));
  }
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;  // nobody reads: the command goes on
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

EpochMarks::EpochMarks(const std::string& pattern, const std::filesystem::path& file, const std::vector<std::string>& meters)
    : pattern_(parsed(pattern)), file_(file) {
  if (meters.empty()) throw Error(ErrorKind::invalid_input, "--epochs needs a meter, and there is none; see `wattlayer check`");
  std::error_code none;
  if (std::filesystem::exists(file, none) && std::filesystem::file_size(file, none) > 0)
    throw Error(ErrorKind::invalid_input, fmt::format("{} is there already; name another file for the epochs", file.string()));
  out_.open(file);
  out_ << "epoch,duration_s";
  for (const std::string& meter : meters) out_ << "," << csv_field(meters.size() == 1 ? "energy_j" : "energy_j:" + meter);
  out_ << std::endl;
  int ends[2];
  if (!out_ || ::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(ErrorKind::io, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  read_end_ = ends[0], write_end_ = ends[1];
}

EpochMarks::~EpochMarks() {
  if (thread_.joinable()) end();
  if (write_end_ >= 0) ::close(write_end_);
  ::close(read_end_);
}

void EpochMarks::begin(std::function<EpochFigures()> figures) {
  figures_ = std::move(figures);
  ::close(write_end_);  // the command's own is the only one left, so that its end is seen
  write_end_ = -1;
  thread_ = std::thread([this] { hand_on(); });
}

void EpochMarks::hand_on() {
  std::array<char, 65536> buffer{};
  while (true) {
    pollfd waiting{.fd = read_end_, .events = POLLIN, .revents = 0};
    const bool was_over = over_;
    if (::poll(&waiting, 1, look_ms) == 0) {
      if (was_over) return;
      continue;
    }
    const ssize_t size = ::read(read_end_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    const std::string_view text(buffer.data(), static_cast<size_t>(size));
    write_all(text);
    take(text);
  }
}

void EpochMarks::take(std::string_view text) {
  for (const char c : text) {
    if (c == '\r') {
      returned_ = true;
    } else if (c == '\b') {
      ++backspaces_;
    } else if (c == '\n') {
      if (fits()) note_epoch();
      line_.clear();
      returned_ = false, backspaces_ = 0;
    } else {
      append(c);
    }
  }
}

/// A bar that is drawn again returns to the start of its line, or takes back all that it wrote.
void EpochMarks::append(char c) {
  if (returned_ || backspaces_ > 1) line_.clear();
  else if (backspaces_ == 1 && !line_.empty()) line_.pop_back();
  returned_ = false, backspaces_ = 0;
  line_ += c;
  if (line_.size() >= 2 * longest_line) line_.erase(0, longest_line);
}

bool EpochMarks::fits() {
  const size_t size = std::min(line_.size(), longest_line);
  try {
    return std::regex_search(line_.end() - static_cast<std::ptrdiff_t>(size), line_.end(), pattern_);
  } catch (const std::regex_error& e) {
    if (!std::exchange(too_hard_, true))
      write_remark(fmt::format("a line cannot be compared with the --epoch-pattern and ends no epoch: {}", e.what()));
    return false;
  }
}

void EpochMarks::note_epoch() {
  const EpochFigures figures = figures_();
  out_ << fmt::format("{},{}", ++epochs_, figures.duration_s);
  for (const auto& energy : figures.energy_j) out_ << "," << (energy ? fmt::format("{}", *energy) : "");
  out_ << std::endl;
}

size_t EpochMarks::end() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  return epochs_;
}

}  // namespace wattlayer::cli
