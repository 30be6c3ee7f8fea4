#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <vector>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/settings.h"

namespace wattlayer {
namespace {

constexpr const char* not_measured = "no energy was measured: this is a stated power times time";

/// Time of all processors since the start of the machine, in ticks of /proc/stat.
struct ProcessorTime {
  double busy = 0, total = 0;
};

/// The line `cpu` of proc(5): user nice system idle iowait irq softirq steal. Throws Error(unavailable).
ProcessorTime processor_time(const std::filesystem::path& root) {
  const std::filesystem::path file = root / "proc/stat";
  std::ifstream in(file);
  std::string label;
  double ticks[8] = {};
  in >> label;
  for (double& t : ticks) in >> t;
  if (!in || label != "cpu")
    throw Error(ErrorKind::unavailable, fmt::format("cannot read the processors' utilisation from {}: expected a line `cpu` with "
                                                    "eight numbers; state constant.watts instead",
                                                    file.string()));
  ProcessorTime time;
  for (const double t : ticks) time.total += t;
  const double idle = ticks[3] + ticks[4], stolen = ticks[7];
  time.busy = time.total - idle - stolen;
  return time;
}

/// Stated power, times the share of processor time that was busy where it is a TDP.
class ConstantMeter final : public Meter {
 public:
  ConstantMeter(MeterInfo info, Watts power, const MeterPlace& place, bool by_utilisation)
      : info_(std::move(info)), power_(power), root_(place.root), clock_(*place.clock), by_utilisation_(by_utilisation) {
    at_ = clock_.now();
    if (by_utilisation_) busy_until_ = processor_time(root_);
  }

  const MeterInfo& info() const override { return info_; }

  Joules read() override {
    const std::lock_guard lock(mutex_);
    const Seconds now = clock_.now();
    double share = 1;
    if (by_utilisation_) {
      const ProcessorTime time = processor_time(root_);
      // Between two ticks nothing is known yet; that time is counted with the next tick.
      if (time.total <= busy_until_.total) return energy_;
      share = std::clamp((time.busy - busy_until_.busy) / (time.total - busy_until_.total), 0.0, 1.0);
      busy_until_ = time;
    }
    energy_ += power_ * share * (now - at_);
    at_ = now;
    return energy_;
  }

 private:
  MeterInfo info_;
  Watts power_;
  std::filesystem::path root_;
  Clock& clock_;
  bool by_utilisation_;
  std::mutex mutex_;
  Seconds at_{0};
  ProcessorTime busy_until_;
  Joules energy_{0};
};

struct Kind {
  std::string name, setting, what;
};

const Kind kinds[] = {{"watts", "constant.watts", "a stated power times time"},
                      {"tdp", "constant.tdp", "a stated TDP times utilisation times time"}};

std::vector<MeterDomain> domains(const MeterPlace& place) {
  std::vector<MeterDomain> all;
  for (const Kind& kind : kinds) {
    MeterDomain domain{.name = kind.name,
                       .scope = text_setting(place, "constant.scope", "cpu-package"),
                       .method = "modelled",
                       .what = kind.what,
                       .remarks = {not_measured}};
    try {
      if (const auto watts = positive_setting(place, kind.setting)) domain.what = fmt::format("{:g} W: {}", *watts, kind.what);
      else domain.obstacle = fmt::format("needs the power; add --meter-setting {}=WATTS", kind.setting);
    } catch (const Error& e) {
      domain.obstacle = e.what();
    }
    all.push_back(std::move(domain));
  }
  return all;
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  for (const Kind& kind : kinds) {
    if (kind.name != name) continue;
    const std::optional<double> watts = positive_setting(place, kind.setting);
    if (!watts)
      throw Error(ErrorKind::unavailable,
                  fmt::format("constant:{} needs the power; add --meter-setting {}=WATTS", name, kind.setting));
    MeterInfo info{.meter = "constant",
                   .domain = kind.name,
                   .scope = text_setting(place, "constant.scope", "cpu-package"),
                   .method = "modelled",
                   .stated_power = kind.name == "watts" ? std::optional(Watts{*watts}) : std::nullopt,
                   .facts = {{kind.setting, fmt::format("{:g}", *watts)}},
                   .remarks = {not_measured}};
    return std::make_unique<ConstantMeter>(std::move(info), Watts{*watts}, place, kind.name == "tdp");
  }
  throw Error(ErrorKind::invalid_input, fmt::format("constant:{} is not there; known: constant:watts, constant:tdp", name));
}

}  // namespace

const MeterSource& constant_meter() {
  static const MeterSource source{.name = "constant",
                                  .summary = "a power that you state, times time: modelled, never measured",
                                  .absent = "",
                                  .domains = domains,
                                  .open = open,
                                  .settings = "constant.watts,constant.tdp,constant.scope"};
  return source;
}

}  // namespace wattlayer
