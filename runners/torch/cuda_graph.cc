#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "capture.h"
#include "failure.h"

namespace runner {
namespace {

class Graph : public CapturedPass {
 public:
  Graph(int device, const std::function<void()>& pass) {
    c10::cuda::CUDAGuard on_device(static_cast<c10::DeviceIndex>(device));
    // Capturing is not allowed on the default stream; what warm-up allocates there is not shared.
    const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool(false, static_cast<c10::DeviceIndex>(device));
    c10::cuda::CUDAStreamGuard on_stream(stream);
    for (int i = 0; i < 2; ++i) pass();
    stream.synchronize();
    graph_.capture_begin();
    try {
      pass();
    } catch (const std::exception& e) {
      try {
        graph_.capture_end();
      } catch (const std::exception&) {
      }
      throw Failure("unsupported", std::string("the pass cannot be captured: ") + e.what());
    }
    graph_.capture_end();
  }

  void launch() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace

bool can_capture() { return true; }

std::unique_ptr<CapturedPass> capture(int device, const std::function<void()>& pass) {
  return std::make_unique<Graph>(device, pass);
}

}  // namespace runner
