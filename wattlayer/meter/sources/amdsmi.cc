#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/amd_library.h"
#include "wattlayer/meter/counted_meter.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/power_integral.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/settings.h"

namespace wattlayer {
namespace {

constexpr Seconds longest_stillness{1};
constexpr Seconds poll_every{0.02};
constexpr Seconds trial{0.5};
constexpr Seconds trial_step{0.02};
constexpr double trusted_difference = 0.25;  // half a second of a power sensor that averages is no better
constexpr EnergyCounter::Limits limits{.most = {3000}, .slack = {600}};

std::shared_ptr<AmdLibrary> load(const MeterPlace& place) {
  const std::string named = text_setting(place, "amdsmi.library");
  if (!named.empty()) return AmdLibrary::load({named}, place.root);
  return AmdLibrary::load({"librocm_smi64.so", "librocm_smi64.so.7", "librocm_smi64.so.6", "librocm_smi64.so.5",
                           "/opt/rocm/lib/librocm_smi64.so", "libamd_smi.so", "/opt/rocm/lib/libamd_smi.so"},
                          place.root);
}

bool counts(const AmdLibrary& library, const AmdBoard& board) {
  const auto energy = library.energy(board);
  return energy && energy->raw > 0;
}

std::string failure_text(const AmdLibrary& library) {
  return fmt::format(
      "{} is here but does not start: {}; check that the amdgpu driver runs and that you are in the groups render and video",
      library.name(), library.init_failure());
}

MeterDomain domain_of(const AmdLibrary& library, const AmdBoard& board) {
  const bool counter = counts(library, board);
  MeterDomain domain{.name = std::to_string(board.index),
                     .scope = "gpu-board",
                     .method = counter ? "counter" : "integrated",
                     .what = fmt::format("{} {}, {}", board.name, board.pci, counter ? "energy accumulator" : "power"),
                     .device = board.pci.empty() ? fmt::format("amdsmi:{}", board.index) : "pci:" + board.pci,
                     .chosen_by_default = true};
  if (counter) domain.resolution = {library.energy(board)->unit_uj * 1e-6};
  else if (!library.power(board))
    domain.obstacle = "the driver tells neither energy nor power of it; the second die of a board leaves both to the first";
  return domain;
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  const auto library = load(place);
  if (!library) return {};
  if (!library->init_failure().empty())
    return {{.name = "all",
             .scope = "gpu-board",
             .method = "counter",
             .what = "AMD graphics boards",
             .obstacle = failure_text(*library),
             .chosen_by_default = true}};
  std::vector<MeterDomain> all;
  for (const AmdBoard& board : library->boards()) all.push_back(domain_of(*library, board));
  return all;
}

uint64_t require_energy(const AmdLibrary& library, const AmdBoard& board) {
  const auto energy = library.energy(board);
  if (!energy) throw Error(ErrorKind::unavailable, "the energy accumulator cannot be read any more; see rocm-smi and dmesg");
  return energy->raw;
}

Watts require_power(const AmdLibrary& library, const AmdBoard& board) {
  const auto power = library.power(board);
  if (!power) throw Error(ErrorKind::unavailable, "the power cannot be read any more, or reads 0; see rocm-smi and dmesg");
  return *power;
}

/// Half a second of counter against integrated power: some drivers count at a wrong rate. Returns a remark; `trusted` says which
/// to take.
std::string try_counter(const AmdLibrary& library, const AmdBoard& board, Clock& clock, bool& trusted) {
  trusted = true;
  if (!library.power(board)) return "the energy counter could not be checked: the board does not tell its power";
  const AmdEnergy first = *library.energy(board);
  PowerIntegral integral;
  const Seconds start = clock.now();
  integral.add(start, require_power(library, board));
  while (clock.now() - start < trial) {
    clock.sleep(trial_step);
    integral.add(clock.now(), require_power(library, board));
  }
  const double counted = static_cast<double>(require_energy(library, board) - first.raw) * first.unit_uj * 1e-6;
  const double integrated = integral.energy().value;
  trusted = std::abs(counted - integrated) <= trusted_difference * integrated;
  if (trusted) return "";
  return fmt::format("the energy counter is not used: in {:g} s it counted {:.3g} J where power came to {:.3g} J", trial.value,
                     counted, integrated);
}

std::unique_ptr<Meter> open_board(const MeterPlace& place, const std::shared_ptr<AmdLibrary>& library, const AmdBoard& board,
                                  const MeterDomain& domain) {
  MeterInfo info{.meter = "amdsmi",
                 .domain = domain.name,
                 .scope = domain.scope,
                 .method = domain.method,
                 .device = domain.device,
                 .resolution = domain.resolution,
                 .facts = {{"amdsmi.board", board.name}, {"amdsmi.pci", board.pci}, {"amdsmi.library", library->name()}},
                 .remarks = {"the driver does not tell how often it refreshes"}};
  const auto state = [library, board] { return library->state(board); };
  bool trusted = info.method == "counter";
  if (trusted)
    if (std::string remark = try_counter(*library, board, *place.clock, trusted); !remark.empty())
      info.remarks.push_back(std::move(remark));
  if (trusted) {
    const double unit = library->energy(board).value_or(AmdEnergy{}).unit_uj * 1e-6;
    return std::make_unique<CountedMeter>(
        std::move(info), *place.clock, EnergyCounter(unit, 0, limits), longest_stillness,
        [library, board] { return require_energy(*library, board); }, state);
  }
  info.method = "integrated";
  info.resolution = {0};
  info.poll_interval = poll_every;
  return std::make_unique<SampledMeter>(
      std::move(info), *place.clock, [library, board] { return require_power(*library, board); }, state);
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  const auto library = load(place);
  if (!library)
    throw Error(
        ErrorKind::unavailable,
        fmt::format(
            "amdsmi:{}: there is no librocm_smi64.so or libamd_smi.so; install ROCm, say where it is with --meter-setting "
            "amdsmi.library=FILE, or use the meter hwmon",
            name));
  if (!library->init_failure().empty()) throw Error(ErrorKind::unavailable, failure_text(*library));
  std::vector<std::string> known;
  for (const AmdBoard& board : library->boards()) {
    known.push_back(fmt::format("amdsmi:{}", board.index));
    if (name != std::to_string(board.index) && name != board.pci) continue;
    const MeterDomain domain = domain_of(*library, board);
    if (!domain.obstacle.empty()) throw Error(ErrorKind::unavailable, fmt::format("amdsmi:{}: {}", name, domain.obstacle));
    return open_board(place, library, board, domain);
  }
  throw Error(ErrorKind::invalid_input, fmt::format("amdsmi:{} is not there; known: {}", name,
                                                    known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
}

}  // namespace

const MeterSource& amdsmi_meter() {
  static const MeterSource source{.name = "amdsmi",
                                  .summary = "AMD graphics boards: energy accumulator, checked before it is trusted, or power",
                                  .absent = "no librocm_smi64.so or libamd_smi.so; install ROCm, or use hwmon",
                                  .domains = domains,
                                  .open = open,
                                  .settings = "amdsmi.library"};
  return source;
}

}  // namespace wattlayer
