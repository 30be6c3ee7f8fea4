#include "cli/stop_signal.h"

#include <csignal>
#include <ctime>

namespace wattlayer::cli {
namespace {

constexpr std::time_t patience_s = 30;

volatile std::sig_atomic_t stopped = 0;
volatile std::time_t came_at = 0;

void note(int number) {
  if (stopped) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  came_at = std::time(nullptr);
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

bool StopSignal::overdue() { return came() && std::time(nullptr) - came_at > patience_s; }

}  // namespace wattlayer::cli
