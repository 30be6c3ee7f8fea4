#pragma once
#include <chrono>
#include <string_view>

namespace wattlayer::cli {

/// One line on standard error that is written over and over: a bar, what is going on, time left. Silent where standard error is
/// no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `done` from 0 to 1.
  void show(double done, std::string_view what);

 private:
  bool terminal_ = false, shown_ = false;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace wattlayer::cli
