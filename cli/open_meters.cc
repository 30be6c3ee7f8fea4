#include "cli/open_meters.h"

#include <fmt/format.h>

#include "wattlayer/bench/working_board.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

OpenMeters open_unlocked(const MeterOptions& options, const MeterPlace& place) {
  OpenMeters open;
  if (options.meters == "none") return open;
  try {
    open.owned = options.meters.empty() && place.device ? open_meters(place, "fake") : options.open(place);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unavailable || !options.meters.empty()) throw;
    open.absence = e.what();
  }
  return open;
}

OpenMeters locked(OpenMeters open) {
  for (const auto& meter : open.owned) open.meters.push_back(meter.get());
  open.locks = lock_meters(open.meters, meter_lock_folder());
  return open;
}

}  // namespace

OpenMeters open_and_lock(const MeterOptions& options, const MeterPlace& place) { return locked(open_unlocked(options, place)); }

OpenMeters open_and_lock(const MeterOptions& options, const MeterPlace& place, const RunnerInfo& runner,
                         const std::string& device) {
  OpenMeters open = open_unlocked(options, place);
  const bool any = !open.owned.empty();
  open.remarks = match_boards(open.owned, runner, device, !options.meters.empty());
  if (any && open.owned.empty())
    open.absence = fmt::format("no meter here is of {}; `wattlayer check` lists them all, and --meter names one", device);
  return locked(std::move(open));
}

}  // namespace wattlayer::cli
