#include "wattlayer/bench/refresh.h"

#include <algorithm>

#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

constexpr Seconds unknown_refresh{0.1};
constexpr size_t enough_changes = 12, fewest_changes = 5;

/// The changes of one meter's figure.
struct Changes {
  Joules last;
  std::vector<double> at;  // seconds
};

std::optional<Seconds> median_gap(const Changes& changes) {
  if (changes.at.size() < fewest_changes) return std::nullopt;
  std::vector<double> gaps;
  for (size_t i = 1; i < changes.at.size(); ++i) gaps.push_back(changes.at[i] - changes.at[i - 1]);
  return Seconds{median(gaps)};
}

/// A twentieth of the shortest documented interval, but neither so short that reading burns a core nor too coarse.
Seconds step_of(std::span<Meter* const> meters) {
  Seconds step{0.005};
  for (const Meter* meter : meters) step = std::min(step, meter->info().refresh_interval.value_or(Seconds{0.02}) / 20);
  return std::max(step, Seconds{0.0005});
}

}  // namespace

std::vector<std::optional<Seconds>> find_refresh_intervals(std::span<Meter* const> meters, Clock& clock, Seconds longest) {
  std::vector<Changes> seen(meters.size());
  auto modelled = [&](size_t i) { return meters[i]->info().method == "modelled"; };
  // Waiting for a log would only time the logger's lag, and hold up the other readings.
  auto skipped = [&](size_t i) { return modelled(i) || meters[i]->info().waits; };
  for (size_t i = 0; i < meters.size(); ++i)
    if (!skipped(i)) seen[i].last = meters[i]->read_start();
  const Seconds step = step_of(meters), start = clock.now();
  for (bool missing = true; missing && clock.now() - start < longest;) {
    clock.sleep(step);
    missing = false;
    for (size_t i = 0; i < meters.size(); ++i) {
      if (skipped(i) || seen[i].at.size() >= enough_changes) continue;
      const Joules now = meters[i]->read();
      if (now != seen[i].last) seen[i].at.push_back(clock.now().value), seen[i].last = now;
      missing = true;
    }
  }
  std::vector<std::optional<Seconds>> found;
  for (size_t i = 0; i < meters.size(); ++i) {
    const MeterInfo& info = meters[i]->info();
    found.push_back(modelled(i) ? Seconds{0} : skipped(i) ? info.refresh_interval : median_gap(seen[i]));
    if (found[i] && info.method == "integrated" && info.refresh_interval) found[i] = std::max(*found[i], *info.refresh_interval);
  }
  return found;
}

Seconds slowest_refresh(std::span<Meter* const> meters, std::span<const std::optional<Seconds>> found) {
  Seconds slowest{0};
  for (size_t i = 0; i < meters.size(); ++i)
    slowest = std::max(slowest, found[i].value_or(meters[i]->info().refresh_interval.value_or(unknown_refresh)));
  return slowest;
}

}  // namespace wattlayer
