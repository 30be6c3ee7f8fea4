#include "wattlayer/meter/poller.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace wattlayer {
namespace {

using Time = std::chrono::steady_clock::time_point;

std::chrono::steady_clock::duration duration_of(Seconds seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds.value));
}

struct Polled {
  Meter* meter;
  std::chrono::steady_clock::duration interval;
  Time due;
};

}  // namespace

struct Poller::Thread {
  std::vector<Polled> polled;
  std::mutex mutex;
  std::condition_variable ended;
  bool end = false;
  std::thread thread;

  /// Polls what is due; returns when the next is.
  Time poll_due() {
    Time next = Time::max();
    for (Polled& p : polled) {
      const Time now = std::chrono::steady_clock::now();
      if (p.due <= now) {
        p.meter->poll();
        // After a pause of the machine there is no point in catching up.
        p.due = std::max(p.due + p.interval, now);
      }
      next = std::min(next, p.due);
    }
    return next;
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!end) {
      lock.unlock();
      const Time next = poll_due();
      lock.lock();
      ended.wait_until(lock, next, [this] { return end; });
    }
  }
};

Poller::Poller(std::span<Meter* const> meters, Clock& clock) {
  if (!clock.real()) return;
  auto thread = std::make_unique<Thread>();
  for (Meter* meter : meters)
    if (const auto interval = meter->info().poll_interval)
      thread->polled.push_back({meter, duration_of(*interval), std::chrono::steady_clock::now()});
  if (thread->polled.empty()) return;
  thread_ = std::move(thread);
  thread_->thread = std::thread([state = thread_.get()] { state->run(); });
}

Poller::~Poller() {
  if (!thread_) return;
  {
    const std::lock_guard lock(thread_->mutex);
    thread_->end = true;
  }
  thread_->ended.notify_all();
  thread_->thread.join();
}

}  // namespace wattlayer
