#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/collect_progress.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void ProgressLine::show(double done, std::string_view what) {
  if (!terminal_) return;
  constexpr int width = 20;
  const std::string filled = bar(done, width);
  const std::string space(static_cast<size_t>(std::max<long>(0, width - static_cast<long>(display_width(filled)))), ' ');
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const std::string left = done > 0.02 ? fmt::format("about {} left", duration_text(Seconds{elapsed * (1 - done) / done})) : "";
  fmt::print(stderr, "\r\033[K[{}{}] {}  {}", filled, space, shorten(what, 60), left);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace wattlayer::cli
