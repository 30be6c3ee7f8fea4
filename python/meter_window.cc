#include "python/meter_window.h"

#include <fmt/format.h>

#include <mutex>
#include <set>

#include "python/bind.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/reading_order.h"

namespace wattlayer::python {
namespace {

/// The lock of a counter, held once by this process however many windows read it.
std::shared_ptr<MeterLock> shared_lock(const std::string& device) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<MeterLock>> held;
  const std::lock_guard guard(mutex);
  std::shared_ptr<MeterLock> lock = held[device].lock();
  if (!lock) held[device] = lock = std::make_shared<MeterLock>(device, meter_lock_folder());
  return lock;
}

std::set<std::string> counters_of(const std::vector<Meter*>& meters) {
  std::set<std::string> counters;
  for (const Meter* meter : meters) {
    const std::string& all = meter->info().device;
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find(',', at), all.size());
      counters.insert(all.substr(at, end - at));
      at = end + 1;
    }
  }
  return counters;
}

}  // namespace

MeterWindow::MeterWindow(const std::optional<std::string>& names, MeterPlace place) : place_(std::move(place)) {
  if (!place_.clock) place_.clock = &system_;
  try {
    if (names) meters_ = open_meters(place_, *names);
    else meters_ = place_.device ? open_meters(place_, "fake") : open_default_meters(place_);
  } catch (const Error& e) {
    if (names || e.kind() != ErrorKind::unavailable) throw;
    absence_ = in_python(e.what());
  }
  for (const auto& meter : meters_) pointers_.push_back(meter.get());
  for (const std::string& counter : counters_of(pointers_)) locks_.push_back(shared_lock(counter));
  for (Meter* meter : pointers_) meter->begin();
  poller_ = std::make_unique<Poller>(pointers_, *place_.clock);
}

std::vector<Reading> MeterWindow::read(bool at_start) {
  std::vector<Reading> readings(meters_.size());
  for (const size_t i : reading_order(pointers_, at_start)) try {
      readings[i].energy_j = (at_start ? pointers_[i]->read_start() : pointers_[i]->read()).value;
    } catch (const Error& e) {
      readings[i].failure = in_python(e.what());
    }
  return readings;
}

std::vector<std::string> MeterWindow::remarks() const {
  std::vector<std::string> remarks;
  for (Meter* meter : pointers_)
    for (const std::string& remark : meter->remarks()) remarks.push_back(fmt::format("{}: {}", meter->info().name(), remark));
  return remarks;
}

}  // namespace wattlayer::python
