#pragma once
#include <chrono>
#include <string>

#include "wattlayer/bench/collect.h"

namespace wattlayer::cli {

/// `2 h 05 min`, `45 s`.
std::string duration_text(Seconds duration);

/// `90`, `90s`, `25m`, `8h`, `2d`. Throws Error(invalid_input).
Seconds parse_duration(const std::string& text);

/// Shows on standard error where a campaign stands: a bar on a terminal, else a line a minute.
class CollectProgressLine {
 public:
  CollectProgressLine();
  ~CollectProgressLine();

  void show(const CollectProgress& progress);
  /// A remark that stands above the bar.
  void remark(const std::string& text);

 private:
  void clear();

  bool terminal_ = false, shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace wattlayer::cli
