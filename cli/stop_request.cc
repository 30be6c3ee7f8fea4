#include "cli/stop_request.h"

#include <atomic>
#include <csignal>

namespace wattlayer::cli {
namespace {

std::atomic<int> requests{0};
struct sigaction interrupt_before, terminate_before;

void take_request(int) { ++requests; }

}  // namespace

StopRequest::StopRequest() {
  requests = 0;
  struct sigaction action {};
  action.sa_handler = take_request;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &interrupt_before);
  sigaction(SIGTERM, &action, &terminate_before);
}

StopRequest::~StopRequest() {
  sigaction(SIGINT, &interrupt_before, nullptr);
  sigaction(SIGTERM, &terminate_before, nullptr);
}

bool StopRequest::asked() { return requests > 0; }
bool StopRequest::insisted() { return requests > 1; }

}  // namespace wattlayer::cli
