#include "wattlayer/meter/meter_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/sources/all.h"

namespace wattlayer {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    text = at == text.npos ? std::string_view() : text.substr(at + 1);
  }
  return parts;
}

const MeterSource& require_source(std::string_view name) {
  std::vector<std::string_view> known;
  for (const MeterSource* source : meter_sources()) {
    if (source->name == name) return *source;
    known.push_back(source->name);
  }
  throw Error(ErrorKind::invalid_input,
              fmt::format("unknown meter '{}'; known: {}", name.substr(0, 100), fmt::join(known, ", ")));
}

/// Domains that a source's name alone stands for: the default ones, or the only one that can be opened.
std::vector<std::string> domains_of_name(const MeterSource& source, const MeterPlace& place) {
  std::vector<std::string> chosen, open, all, obstacles;
  for (const MeterDomain& d : source.domains(place)) {
    all.push_back(fmt::format("{}:{}", source.name, d.name));
    if (!d.obstacle.empty()) obstacles.push_back(fmt::format("{}: {}", d.name, d.obstacle));
    if (d.chosen_by_default) chosen.push_back(d.name);
    if (d.obstacle.empty()) open.push_back(d.name);
  }
  if (!chosen.empty()) return chosen;  // one of them may have an obstacle: opening it says so
  if (open.size() == 1) return open;
  if (all.empty()) throw Error(ErrorKind::unavailable, fmt::format("no {} meter here: {}", source.name, source.absent));
  if (open.empty()) throw Error(ErrorKind::unavailable, fmt::format("{}: {}", source.name, fmt::join(obstacles, "; ")));
  throw Error(ErrorKind::invalid_input, fmt::format("which domain of {}? Name one of: {}", source.name, fmt::join(all, ", ")));
}

/// What a measurement takes when no meter is named, and why it does not take the rest.
struct Choice {
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>> obstacles;  ///< names and why; the same reason is told once

  void add_obstacle(const std::string& name, const std::string& why) {
    for (auto& [names, told] : obstacles)
      if (told == why) return void(names += ", " + name);
    obstacles.emplace_back(name, why);
  }

  std::string obstacle_text() const {
    std::string text;
    for (const auto& [names, why] : obstacles) text += fmt::format("{}{}: {}", text.empty() ? ": " : "; ", names, why);
    return text;
  }
};

Choice choose(const MeterPlace& place) {
  Choice choice;
  std::set<std::pair<std::string, std::string>> counted;  // scope and counter: two ways to one counter are one
  for (const MeterSource* source : meter_sources()) {
    if (place.device && source->name != "fake") continue;  // in simulated time nothing else moves
    for (const MeterDomain& d : source->domains(place)) {
      if (!d.chosen_by_default || d.method == "modelled") continue;
      const std::string name = fmt::format("{}:{}", source->name, d.name);
      bool again = false;
      if (d.obstacle.empty())
        for (const std::string_view counter : split(d.device, ',')) again |= !counted.emplace(d.scope, counter).second;
      if (!d.obstacle.empty()) choice.add_obstacle(name, d.obstacle);
      else if (!again) choice.names.push_back(name);
    }
  }
  return choice;
}

void require_clock(const MeterPlace& place) {
  if (!place.clock) throw Error(ErrorKind::internal, "a meter was to be opened without a clock");
}

}  // namespace

std::span<const MeterSource* const> meter_sources() {
  static const std::vector<const MeterSource*> sources = [] {
    std::vector<const MeterSource*> all;
    for (auto source : all_meter) all.push_back(&source());
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->name < b->name; });
    return all;
  }();
  return sources;
}

void check_settings(const MeterPlace& place) {
  std::vector<std::string_view> known;
  for (const MeterSource* source : meter_sources())
    for (const std::string_view name : split(source->settings, ',')) known.push_back(name);
  for (const auto& [key, value] : place.settings) {
    const bool fits = std::any_of(known.begin(), known.end(), [&key = key](std::string_view name) {
      return key == name || (key.starts_with(name) && key[name.size()] == '.');
    });
    if (!fits)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("no meter has a setting '{}'; known: {}", key.substr(0, 100), fmt::join(known, ", ")));
  }
}

std::vector<std::unique_ptr<Meter>> open_meters(const MeterPlace& place, std::string_view names) {
  require_clock(place);
  check_settings(place);
  std::vector<std::unique_ptr<Meter>> meters;
  std::set<std::string> opened;
  const auto open = [&](const MeterSource& source, std::string_view domain) {
    if (!opened.insert(fmt::format("{}:{}", source.name, domain)).second)
      throw Error(ErrorKind::invalid_input, fmt::format("the meter {}:{} is named twice", source.name, domain));
    meters.push_back(source.open(place, domain));
  };
  for (const std::string_view name : split(names, ',')) {
    if (name.empty())
      throw Error(
          ErrorKind::invalid_input,
          fmt::format("--meter {}: expected SOURCE[:DOMAIN], ... as `wattlayer check` lists them, found an empty name", names));
    const size_t colon = name.find(':');
    const MeterSource& source = require_source(name.substr(0, colon));
    if (colon != name.npos) open(source, name.substr(colon + 1));
    else
      for (const std::string& domain : domains_of_name(source, place)) open(source, domain);
  }
  if (meters.empty())
    throw Error(ErrorKind::invalid_input, "no meter is named; expected SOURCE[:DOMAIN], ... as `wattlayer check` lists them");
  return meters;
}

std::vector<std::string> default_meter_names(const MeterPlace& place) { return choose(place).names; }

std::vector<std::unique_ptr<Meter>> open_default_meters(const MeterPlace& place) {
  require_clock(place);
  check_settings(place);
  const Choice choice = choose(place);
  if (choice.names.empty())
    throw Error(ErrorKind::unavailable,
                fmt::format("nothing here measures energy{}; `wattlayer check` says what is missing; --meter constant:watts "
                            "--meter-setting constant.watts=WATTS files a stated power, labelled modelled; --meter none measures "
                            "time alone",
                            choice.obstacle_text()));
  return open_meters(place, fmt::format("{}", fmt::join(choice.names, ",")));
}

}  // namespace wattlayer
