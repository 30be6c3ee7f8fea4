#include "wattlayer/bench/working_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Meters = std::vector<std::unique_ptr<Meter>>;

bool is_board(const std::unique_ptr<Meter>& meter) { return meter->info().device.starts_with("nvml:"); }

/// UUID of the board behind a runner's device; empty when it does not tell.
std::string uuid_of(const RunnerInfo& runner, const std::string& device) {
  for (const RunnerDevice& d : runner.devices)
    if (d.id == device)
      if (const auto uuid = d.facts.find("uuid"); uuid != d.facts.end()) return uuid->second;
  return "";
}

/// An instance of a board has a UUID of its own.
bool has_instances(const std::unique_ptr<Meter>& meter) {
  const auto& remarks = meter->info().remarks;
  return std::any_of(remarks.begin(), remarks.end(), [](const std::string& r) { return r.starts_with("MIG is on"); });
}

std::vector<std::string> without_uuid(const Meters& meters, const std::string& device) {
  std::set<std::string> boards;
  for (const auto& meter : meters)
    if (is_board(meter)) boards.insert(meter->info().device);
  if (boards.size() < 2) return {};
  return {
      fmt::format("the runner does not tell which board {} is, and {} boards are metered: each has rows of its own, and the "
                  "first is taken for "
                  "it; name the right one with --meter nvml:N",
                  device, boards.size())};
}

std::vector<std::string> without_match(Meters& meters, const std::string& uuid, const std::string& device, bool named) {
  if (std::any_of(meters.begin(), meters.end(), [](const auto& m) { return is_board(m) && has_instances(m); }))
    return {fmt::format("MIG is on, so whether {} ({}) is part of a metered board cannot be told", device, uuid)};
  const auto first = std::find_if(meters.begin(), meters.end(), is_board);
  if (named)
    throw Error(ErrorKind::invalid_input,
                fmt::format("the runner works on {} ({}), but {} meters {}; name the board that works: --meter nvml:{}", device,
                            uuid, (*first)->info().name(), (*first)->info().device.substr(5), uuid));
  std::erase_if(meters, is_board);
  return {fmt::format("NVML does not tell of the board that the runner works on, {} ({}): it is not metered", device, uuid)};
}

}  // namespace

std::vector<std::string> match_boards(Meters& meters, const RunnerInfo& runner, const std::string& device, bool named) {
  if (std::none_of(meters.begin(), meters.end(), is_board)) return {};
  if (device.starts_with("cpu")) {
    if (!named) std::erase_if(meters, is_board);
    return {};
  }
  const std::string uuid = uuid_of(runner, device);
  if (uuid.empty()) return without_uuid(meters, device);
  const auto is_other = [&](const std::unique_ptr<Meter>& meter) {
    return is_board(meter) && meter->info().device.find(uuid) == std::string::npos;
  };
  if (std::none_of(meters.begin(), meters.end(), [&](const auto& m) { return is_board(m) && !is_other(m); }))
    return without_match(meters, uuid, device, named);
  if (!named) std::erase_if(meters, is_other);
  std::stable_partition(meters.begin(), meters.end(), [&](const auto& m) { return !is_other(m); });
  std::vector<std::string> remarks;
  for (const auto& meter : meters)
    if (is_other(meter))
      remarks.push_back(fmt::format("{} is another board than {}, on which the runner works", meter->info().name(), device));
  return remarks;
}

}  // namespace wattlayer
