#include "wattlayer/core/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <thread>

namespace wattlayer {

Seconds SystemClock::now() {
  return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

void SystemClock::sleep(Seconds duration) { std::this_thread::sleep_for(std::chrono::duration<double>(duration.value)); }

std::string SystemClock::date() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

Seconds SystemClock::since_epoch() {
  return {std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

}  // namespace wattlayer
