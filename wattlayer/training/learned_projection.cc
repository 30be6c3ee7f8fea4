#include "wattlayer/training/learned_projection.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/training/stability.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t fewest_recent = 5;   // STEP's window
constexpr double usual_spread = 0.1;  // between epochs, taken for one epoch more
constexpr double least_scale = 0.02;
constexpr double widest_correction = 1;  // a factor of e

/// Of the projection that is learned; the rest is the last epochs as they are, which say more when there are many.
double learned_share(size_t seen) { return seen <= 12 ? 2.0 / 3 : 0.5; }

double spread(std::span<const double> values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  const double middle = mean(logs);
  double sum = 0;
  for (const double y : logs) sum += (y - middle) * (y - middle);
  return sum;
}

/// Of the mean of the epochs to come: spread of those seen, over how many were seen and how many come.
double scale_of(std::span<const double> steady, double left) {
  const auto n = static_cast<double>(std::max<size_t>(1, steady.size()));
  const double variance = ((n - 1) / n * spread(steady) + usual_spread * usual_spread) / n;
  return std::sqrt(least_scale * least_scale + variance * (1 / n + 1 / left));
}

}  // namespace

EpochSignals signals_of(std::span<const Epoch> seen, double planned) {
  std::vector<double> energies, times;
  for (const Epoch& epoch : seen) energies.push_back(epoch.energy.value);
  for (const Epoch& epoch : seen)
    if (epoch.duration) times.push_back(epoch.duration->value);
  if (times.size() != energies.size()) times = energies;
  const double left = std::max(1.0, planned - static_cast<double>(seen.size()));
  EpochSignals s;
  s.values[0] = 1;
  s.reference_j = energies[0];
  const std::span<const double> steady = std::span(energies).subspan(1), steady_times = std::span(times).subspan(1);
  s.scale = scale_of(steady, left);
  if (steady.empty()) return s;
  s.reference_j = mean(steady);
  const double usual_time = mean(steady_times), start = times[0] / usual_time;
  s.values[1] = std::clamp(std::log(start), -0.5, 1.0);
  s.values[2] = std::log(*std::min_element(steady_times.begin(), steady_times.end()) / usual_time);
  s.values[3] = std::clamp(std::log(energies[0] / s.reference_j), -0.5, 0.0);
  s.values[4] = std::clamp(start - 1, 0.0, 2.0) / left;
  const size_t stable = stable_since(steady);
  s.stable_since = stable + 1;
  s.values[5] = std::log(median({steady.begin() + static_cast<std::ptrdiff_t>(stable), steady.end()}) / s.reference_j);
  const size_t recent = std::min(steady.size(), std::max(fewest_recent, steady.size() * 2 / 5));
  s.recent = std::log(mean(steady.last(recent)) / s.reference_j);
  return s;
}

double LearnedProjection::correction(const EpochSignals& signals, size_t seen) const {
  const After& learned = of(seen);
  double sum = 0;
  for (size_t i = 0; i < EpochSignals::count; ++i) sum += learned.weights[i] * signals.values[i];
  const double share = learned_share(seen);
  return share * std::clamp(sum, -widest_correction, widest_correction) + (1 - share) * signals.recent;
}

std::string print_projection(const LearnedProjection& learned) {
  Json after = Json::array();
  for (const LearnedProjection::After& a : learned.after)
    after.push_back({{"weights", a.weights}, {"low", a.low}, {"high", a.high}});
  const Json card = learned.card.empty() ? Json::object() : Json::parse(learned.card);
  return Json{{"schema", 1}, {"card", card}, {"signals", EpochSignals::names}, {"after", after}}.dump(1) + "\n";
}

LearnedProjection parse_projection(std::string_view text) {
  const auto wrong = [](std::string_view what) {
    return Error(ErrorKind::invalid_input, fmt::format("learned projection: {}", what));
  };
  try {
    const Json json = Json::parse(text);
    if (json.value("schema", 0) != 1) throw wrong("expected schema 1");
    if (json.at("signals").get<std::vector<std::string>>() !=
        std::vector<std::string>(EpochSignals::names.begin(), EpochSignals::names.end()))
      throw wrong(fmt::format("expected the signals {}; learn it anew with this version", fmt::join(EpochSignals::names, ", ")));
    LearnedProjection learned;
    learned.card = json.value("card", Json::object()).dump();
    for (const Json& a : json.at("after")) {
      LearnedProjection::After after{.low = a.at("low").get<double>(), .high = a.at("high").get<double>()};
      if (a.at("weights").size() != EpochSignals::count) throw wrong(fmt::format("expected {} weights", EpochSignals::count));
      after.weights = a.at("weights").get<std::array<double, EpochSignals::count>>();
      if (!(after.low < after.high)) throw wrong("expected low below high");
      learned.after.push_back(after);
    }
    if (learned.after.empty()) throw wrong("expected at least one entry of `after`");
    return learned;
  } catch (const Json::exception&) {
    throw wrong("expected what `wattlayer training learn` writes, found other or broken JSON; learn it anew");
  }
}

}  // namespace wattlayer
