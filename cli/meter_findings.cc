#include "cli/meter_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer::cli {
namespace {

constexpr Seconds pause_between_reads{0.0002};
constexpr double load_that_disturbs = 0.5;

/// A meter under probe.
struct Probed {
  MeterFinding* finding;
  std::unique_ptr<Meter> meter;
  Joules first{0}, last{0};
  std::vector<double> changes, costs;  // s
  std::string failure;

  void read(Clock& clock) {
    if (!failure.empty()) return;
    try {
      const Seconds before = clock.now();
      const Joules energy = meter->read();
      const Seconds after = clock.now();
      costs.push_back((after - before).value);
      if (energy > last) changes.push_back(before.value);
      last = energy;
    } catch (const Error& e) {
      const std::string_view why = e.what();
      failure = why.starts_with(finding->name + ": ") ? why.substr(finding->name.size() + 2) : why;
    }
  }
};

MeterProbe result_of(const Probed& probed, Seconds time) {
  MeterProbe probe;
  probe.failure = probed.failure;
  if (!probed.costs.empty()) probe.read_cost = Seconds{median(probed.costs)};
  if (probed.failure.empty()) probe.power = (probed.last - probed.first) / time;
  // An integral of samples changes at every read: that says nothing of the sensor.
  if (probed.changes.size() < 3 || probed.meter->info().method != "counter") return probe;
  std::vector<double> gaps;
  for (size_t i = 1; i < probed.changes.size(); ++i) gaps.push_back(probed.changes[i] - probed.changes[i - 1]);
  probe.refresh_interval = Seconds{median(gaps)};
  return probe;
}

void probe_meters(const MeterPlace& place, std::vector<MeterFinding>& findings, Seconds duration) {
  std::vector<Probed> all;
  for (MeterFinding& finding : findings) {
    if (!finding.domain.obstacle.empty() || finding.domain.method == "modelled") continue;
    Probed probed{.finding = &finding};
    try {
      probed.meter = std::move(open_meters(place, finding.name).front());
      probed.first = probed.last = probed.meter->read();
      all.push_back(std::move(probed));
    } catch (const Error& e) {
      finding.domain.obstacle = e.what();
    }
  }
  if (all.empty()) return;
  Clock& clock = *place.clock;
  const Seconds start = clock.now();
  while (clock.now() - start < duration) {
    for (Probed& probed : all) probed.read(clock);
    clock.sleep(pause_between_reads);
  }
  for (Probed& probed : all) probed.finding->probe = result_of(probed, clock.now() - start);
}

bool has_processor_counter(const MeterFindings& findings) {
  return std::any_of(findings.meters.begin(), findings.meters.end(), [](const MeterFinding& f) {
    return f.domain.scope == "cpu-package" && f.domain.method != "modelled" && f.domain.obstacle.empty();
  });
}

/// Why there is no counter, and what makes the figures worse where there is one.
std::vector<std::string> advice_for(const MeterFindings& findings) {
  const Machine& m = findings.machine;
  std::vector<std::string> advice;
  const bool processor = has_processor_counter(findings);
  if (!processor && m.virtual_machine)
    advice.push_back(
        fmt::format("this is a virtual machine{}: the hypervisor hides the processor's counters; measure on the host, or on a "
                    "bare-metal instance",
                    *m.virtual_machine == "unnamed" ? "" : " (" + *m.virtual_machine + ")"));
  else if (!processor && m.container)
    advice.push_back(
        fmt::format("this is a container ({}): it may hide the processor's counters; start it with -v /sys:/host/sys:ro -v "
                    "/proc:/host/proc:ro and add --root /host",
                    *m.container));
  if (!findings.can_measure())
    advice.push_back(
        "as things are, energy can only be modelled: --meter constant:watts --meter-setting constant.watts=WATTS files a power "
        "that you "
        "state, "
        "times time, labelled modelled; or give the log of an outside meter: --meter csv --meter-setting csv.file=FILE");
  if (m.load.value_or(0) > load_that_disturbs)
    advice.push_back(fmt::format("load is {:.2g}: other programs run here, and their energy is counted too", *m.load));
  if (processor && (m.governor.value_or("performance") != "performance" || m.turbo.value_or(false)))
    advice.push_back(
        fmt::format("the clock moves (governor {}, turbo {}): for steadier figures: sudo cpupower frequency-set -g performance, "
                    "and turbo off",
                    m.governor.value_or("unknown"), m.turbo ? *m.turbo ? "on" : "off" : "unknown"));
  return advice;
}

}  // namespace

bool MeterFindings::can_measure() const {
  return std::any_of(meters.begin(), meters.end(),
                     [](const MeterFinding& f) { return f.domain.method != "modelled" && f.domain.obstacle.empty(); });
}

MeterFindings look_for_meters(const MeterPlace& place, Seconds probe) {
  MeterFindings findings{.machine = look_at_machine(place.root)};
  for (const MeterSource* source : meter_sources()) {
    std::vector<MeterDomain> domains = source->domains(place);
    if (domains.empty()) {
      std::string absence(source->absent);
      if (const auto named = place.settings.find(fmt::format("{}.library", source->name)); named != place.settings.end())
        absence += fmt::format(" (looked for with {}={})", named->first, named->second);
      findings.missing.emplace_back(source->name, std::move(absence));
    }
    for (MeterDomain& d : domains) findings.meters.push_back({fmt::format("{}:{}", source->name, d.name), std::move(d), {}});
  }
  findings.taken = default_meter_names(place);
  const auto rank = [](const MeterFinding& f) {
    return f.domain.method == "modelled" ? 3 : !f.domain.obstacle.empty() ? 2 : f.domain.chosen_by_default ? 0 : 1;
  };
  std::stable_sort(findings.meters.begin(), findings.meters.end(),
                   [&](const MeterFinding& a, const MeterFinding& b) { return rank(a) < rank(b); });
  if (probe.value > 0) probe_meters(place, findings.meters, probe);
  findings.advice = advice_for(findings);
  return findings;
}

}  // namespace wattlayer::cli
