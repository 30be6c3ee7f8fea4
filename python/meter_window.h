#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/clock.h"
#include "wattlayer/meter/meter_lock.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/poller.h"

namespace wattlayer::python {

/// What one meter says at a moment: energy since it was opened, or why it cannot.
struct Reading {
  std::optional<double> energy_j;
  std::string failure;
};

/// Meters that are open, polled and locked against other processes. Windows of this process share a counter's lock, so they may
/// nest and overlap; each has readings of its own.
class MeterWindow {
 public:
  /// No names: the default meters; where there is none, `absence()` says why. Throws as open_meters for names.
  MeterWindow(const std::optional<std::string>& names, MeterPlace place);

  const std::vector<std::unique_ptr<Meter>>& meters() const { return meters_; }
  const std::string& absence() const { return absence_; }
  double now_s() { return place_.clock->now().value; }
  std::vector<Reading> read(bool at_start);
  std::vector<std::string> remarks() const;

 private:
  SystemClock system_;
  MeterPlace place_;
  std::string absence_;
  std::vector<std::unique_ptr<Meter>> meters_;
  std::vector<Meter*> pointers_;
  std::vector<std::shared_ptr<MeterLock>> locks_;
  std::unique_ptr<Poller> poller_;
};

}  // namespace wattlayer::python
