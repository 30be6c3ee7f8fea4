#pragma once

namespace wattlayer::cli {

/// While it lives, Ctrl-C and a request to end (SIGTERM, as Slurm sends) set a flag instead of ending the program at once; a
/// second one ends it.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  static bool came();
  /// It came half a minute ago: what is still being waited for hangs, or takes longer than anyone who stops it will wait.
  static bool overdue();
};

}  // namespace wattlayer::cli
