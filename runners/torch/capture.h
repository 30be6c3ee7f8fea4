#pragma once
#include <functional>
#include <memory>

namespace runner {

/// A pass recorded once on the device and launched as a whole.
class CapturedPass {
 public:
  virtual ~CapturedPass() = default;
  virtual void launch() = 0;
};

/// Whether this runner was built with what capturing needs.
bool can_capture();

/// Records a pass that has run before. Throws Failure(unsupported) where it waits for the device inside.
std::unique_ptr<CapturedPass> capture(int device, const std::function<void()>& pass);

}  // namespace runner
