#pragma once

namespace wattlayer::cli {

/// While it exists, Ctrl-C and SIGTERM ask for an end instead of ending the program: the first time with what there is, the
/// second time at once.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  static bool asked();
  static bool insisted();
};

}  // namespace wattlayer::cli
