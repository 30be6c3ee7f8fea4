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
};

}  // namespace wattlayer::cli
