#include "wattlayer/training/epoch_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "wattlayer/core/error.h"

namespace wattlayer {

EpochPlan::EpochPlan(std::vector<End> ends) : ends_(std::move(ends)) {
  double sum = 0;
  for (const End& end : ends_) sum += end.weight;
  for (End& end : ends_) end.weight /= sum;
}

EpochPlan EpochPlan::fixed(int64_t epochs) { return between(epochs, epochs); }

EpochPlan EpochPlan::between(int64_t earliest, int64_t planned) {
  constexpr int64_t most = 10'000'000;
  if (earliest < 1 || planned < earliest || planned > most)
    throw Error(ErrorKind::invalid_input, fmt::format("a run of {} to {} epochs is none; expected 1 <= earliest <= planned <= {}",
                                                      earliest, planned, most));
  constexpr int64_t finest = 1000;  // ends that are told apart
  const int64_t step = std::max<int64_t>(1, (planned - earliest) / finest);
  std::vector<End> ends;
  for (int64_t end = earliest; end < planned; end += step) ends.push_back({static_cast<double>(end), 1});
  ends.push_back({static_cast<double>(planned), 1});
  return EpochPlan(std::move(ends));
}

EpochPlan EpochPlan::as_earlier(std::span<const int64_t> epochs_of_runs) {
  if (epochs_of_runs.empty()) throw Error(ErrorKind::invalid_input, "no earlier run is given; expected its count of epochs");
  std::map<int64_t, double> counts;
  for (const int64_t epochs : epochs_of_runs) {
    if (epochs < 1)
      throw Error(ErrorKind::invalid_input, fmt::format("an earlier run of {} epochs is none; expected 1 or more", epochs));
    ++counts[epochs];
  }
  std::vector<End> ends;
  for (const auto& [epochs, count] : counts) ends.push_back({static_cast<double>(epochs), count});
  return EpochPlan(std::move(ends));
}

std::optional<EpochPlan> EpochPlan::after(int64_t seen) const {
  std::vector<End> left;
  for (const End& end : ends_)
    if (end.epochs >= static_cast<double>(seen)) left.push_back(end);
  if (left.empty()) return std::nullopt;
  return EpochPlan(std::move(left));
}

double EpochPlan::expected() const {
  double sum = 0;
  for (const End& end : ends_) sum += end.epochs * end.weight;
  return sum;
}

int64_t earliest_stop(std::span<const double> monitored, int64_t patience, bool least) {
  if (monitored.empty()) return 0;
  const auto best =
      least ? std::min_element(monitored.begin(), monitored.end()) : std::max_element(monitored.begin(), monitored.end());
  return std::max<int64_t>(best - monitored.begin() + 1 + patience, static_cast<int64_t>(monitored.size()));
}

}  // namespace wattlayer
