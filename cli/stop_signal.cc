#include "cli/stop_signal.h"

#include <csignal>

namespace wattlayer::cli {
namespace {

volatile std::sig_atomic_t stopped = 0;

void note(int number) {
  if (stopped) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  stopped = 1;
}

void listen(void (*handler)(int)) {
  std::signal(SIGINT, handler);
  std::signal(SIGTERM, handler);
}

}  // namespace

StopSignal::StopSignal() {
  stopped = 0;
  listen(note);
}

StopSignal::~StopSignal() { listen(SIG_DFL); }

bool StopSignal::came() { return stopped != 0; }

}  // namespace wattlayer::cli
