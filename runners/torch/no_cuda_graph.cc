#include "capture.h"
#include "failure.h"

namespace runner {

bool can_capture() { return false; }

std::unique_ptr<CapturedPass> capture(int, const std::function<void()>&) {
  throw Failure("unsupported", "this runner was built without CUDA's headers and cannot capture passes");
}

}  // namespace runner
