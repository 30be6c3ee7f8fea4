#include "cli/open_meters.h"

#include "wattlayer/core/error.h"

namespace wattlayer::cli {

OpenMeters open_and_lock(const MeterOptions& options, const MeterPlace& place) {
  OpenMeters open;
  if (options.meters == "none") return open;
  try {
    open.owned = options.meters.empty() && place.device ? open_meters(place, "fake") : options.open(place);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unavailable || !options.meters.empty()) throw;
    open.absence = e.what();
  }
  for (const auto& meter : open.owned) open.meters.push_back(meter.get());
  open.locks = lock_meters(open.meters, meter_lock_folder());
  return open;
}

}  // namespace wattlayer::cli
