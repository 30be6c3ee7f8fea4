#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/power_log.h"
#include "wattlayer/meter/settings.h"

namespace wattlayer {
namespace {

constexpr const char* only_domain = "log";
constexpr Seconds pause_while_waiting{0.05};
constexpr Seconds long_enough_for_a_line{1};
constexpr double usual_wait_s = 10;

std::string date_of(Seconds since_epoch) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(since_epoch.value)));
}

/// Looks the moment of each read up in the log; waits for a logger that lags behind.
class LogMeter final : public Meter {
 public:
  LogMeter(MeterInfo info, PowerLog log, Seconds offset, Seconds wait, Clock& clock)
      : info_(std::move(info)), log_(std::move(log)), offset_(offset), wait_(wait), clock_(clock) {}

  const MeterInfo& info() const override { return info_; }

  /// At the moment of the call, which it waits for the log to reach.
  Joules read() override {
    const std::lock_guard lock(mutex_);
    const Seconds moment = clock_.since_epoch() - offset_;
    wait_for(moment);
    return never_back(log_.energy_at(moment));
  }

  /// At the moment of the return. What the log has not reached by then was spent waiting, at the power of its last row.
  Joules read_start() override {
    const std::lock_guard lock(mutex_);
    wait_for(clock_.since_epoch() - offset_);
    const Seconds now = clock_.since_epoch() - offset_;
    return never_back(now <= log_.end() ? log_.energy_at(now) : log_.energy_after_end(now));
  }

  void begin() override {
    const std::lock_guard lock(mutex_);
    since_ = clock_.since_epoch() - offset_;
  }

  std::vector<std::string> remarks() override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all = info_.remarks;
    const auto interval = log_.interval();
    const Seconds gap = log_.longest_gap(since_);
    if (interval && gap > std::max(Seconds{3}, *interval * 10))
      all.push_back(fmt::format("the log has a gap of {:.3g} s, bridged by a straight line", gap.value));
    return all;
  }

 private:
  void wait_for(Seconds moment) {
    const Seconds give_up = clock_.now() + wait_;
    std::string tail = log_.tail();
    Seconds tail_since = clock_.now();
    log_.refresh();
    while (log_.empty() || log_.end() < moment) {
      const bool last_try = clock_.now() >= give_up;
      log_.refresh();
      if (log_.tail() != tail) tail = log_.tail(), tail_since = clock_.now();
      // A line without its end is a row only when nothing has been added to it for a while.
      if (last_try && clock_.now() >= tail_since + std::min(long_enough_for_a_line, wait_)) log_.take_tail();
      if (!log_.empty() && log_.end() >= moment) break;
      if (last_try) throw Error(ErrorKind::unavailable, fmt::format("{}: {}", info_.name(), behind(moment)));
      clock_.sleep(pause_while_waiting);
    }
    if (moment < log_.begin())
      throw Error(
          ErrorKind::unavailable,
          fmt::format("{}: the log begins at {}, after the moment asked for, {}; start the logger first, or set csv.offset_s to "
                      "what its clock lags behind this one",
                      info_.name(), date_of(log_.begin()), date_of(moment)));
  }

  std::string behind(Seconds moment) const {
    const std::string end = log_.empty() ? "is empty"
                                         : fmt::format("ends at {}, {:.3g} s before the moment asked for", date_of(log_.end()),
                                                       (moment - log_.end()).value);
    return fmt::format(
        "the log {}, and nothing came within {:g} s; is the logger running? csv.wait_s waits longer, csv.offset_s is "
        "what its clock lags behind this one",
        end, wait_.value);
  }

  Joules never_back(Joules energy) { return last_ = std::max(last_, energy); }

  MeterInfo info_;
  PowerLog log_;
  Seconds offset_, wait_;
  Clock& clock_;
  std::mutex mutex_;
  Joules last_{0};
  Seconds since_{0};
};

PowerLog open_log(const MeterPlace& place) {
  return PowerLog(text_setting(place, "csv.file"), text_setting(place, "csv.column"));
}

/// Two measurements by one meter's log count the same energy.
std::string lock_of(const std::string& file) {
  std::string device = "csv:" + std::filesystem::absolute(file).lexically_normal().string();
  std::replace(device.begin(), device.end(), ',', '_');
  return device;
}

MeterDomain domain_of(const MeterPlace& place, const PowerLog& log) {
  return {.name = only_domain,
          .scope = text_setting(place, "csv.scope", "wall"),
          .method = log.counts_energy() ? "counter" : "integrated",
          .what = "the log " + text_setting(place, "csv.file"),
          .refresh_interval = log.interval(),
          .device = lock_of(text_setting(place, "csv.file")),
          .chosen_by_default = true};
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  const std::string file = text_setting(place, "csv.file");
  if (file.empty()) return {};
  try {
    const PowerLog log = open_log(place);
    return {domain_of(place, log)};
  } catch (const Error& e) {
    return {{.name = only_domain,
             .scope = text_setting(place, "csv.scope", "wall"),
             .method = "integrated",
             .what = "the log " + file,
             .obstacle = e.what(),
             .chosen_by_default = true}};
  }
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  if (name != only_domain)
    throw Error(ErrorKind::invalid_input, fmt::format("csv:{} is not there; known: csv:{}", name, only_domain));
  const std::string file = text_setting(place, "csv.file");
  if (file.empty()) throw Error(ErrorKind::unavailable, "csv:log needs a file; add --meter-setting csv.file=FILE");
  PowerLog log = open_log(place);
  const MeterDomain domain = domain_of(place, log);
  const double offset = number_setting(place, "csv.offset_s").value_or(0);
  MeterInfo info{.meter = "csv",
                 .domain = domain.name,
                 .scope = domain.scope,
                 .method = domain.method,
                 .device = domain.device,
                 .refresh_interval = domain.refresh_interval,
                 .waits = true,
                 .facts = {{"csv.file", file}, {"csv.offset_s", fmt::format("{:g}", offset)}}};
  const Seconds wait{number_setting(place, "csv.wait_s").value_or(usual_wait_s)};
  return std::make_unique<LogMeter>(std::move(info), std::move(log), Seconds{offset}, wait, *place.clock);
}

}  // namespace

const MeterSource& csv_meter() {
  static const MeterSource source{.name = "csv",
                                  .summary = "any outside meter: its log of time and power, or time and energy",
                                  .absent = "no log named; --meter-setting csv.file=FILE, with columns time,watts",
                                  .domains = domains,
                                  .open = open,
                                  .settings = "csv.file,csv.column,csv.offset_s,csv.wait_s,csv.scope"};
  return source;
}

}  // namespace wattlayer
