#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/counter.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/nvml_library.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/settings.h"

namespace wattlayer {
namespace {

constexpr Seconds refresh{0.1};  // of counter and power on every board since Turing; 20 ms on Volta and Pascal
constexpr Seconds longest_stillness{1.5};
constexpr EnergyCounter::Limits limits{.most = {3000}, .slack = {600}};  // two refreshes of the largest boards
constexpr Seconds longest_without_power{1};

/// How a board's energy is had.
enum class Sensor { energy_counter, instant_power, power_usage, none };

std::string text(Sensor sensor) {
  switch (sensor) {
    case Sensor::energy_counter:
      return "total energy counter";
    case Sensor::instant_power:
      return "instant power (field 186)";
    case Sensor::power_usage:
      return "power usage";
    case Sensor::none:
      break;
  }
  return "none";
}

Sensor power_sensor_of(const NvmlLibrary& nvml, const NvmlBoard& board) {
  if (const auto power = nvml.instant_power_mw(board); power && power.value > 0) return Sensor::instant_power;
  if (const auto power = nvml.power_usage_mw(board); power && power.value > 0) return Sensor::power_usage;
  return Sensor::none;
}

Sensor sensor_of(const NvmlLibrary& nvml, const NvmlBoard& board) {
  // A counter of a running board that shows 0 does not count.
  if (const auto energy = nvml.energy_mj(board); energy && energy.value > 0) return Sensor::energy_counter;
  return power_sensor_of(nvml, board);
}

/// Names the power of a board that has a counter, to check one by the other: `0.power`.
constexpr std::string_view power_ending = ".power";

/// reading = gain x truth + offset, measured against an external meter for one board.
struct Correction {
  double gain = 1, offset_w = 0;

  bool on() const { return gain != 1 || offset_w != 0; }
  std::string text() const { return fmt::format("(reading - {:g} W) / {:g}", offset_w, gain); }
  Joules correct(Joules reading, Seconds time) const { return (reading - Watts{offset_w} * time) / gain; }
};

/// Settings of this board, else those of any board where there is one only: gains differ between two boards of one kind.
Correction correction_of(const MeterPlace& place, const NvmlBoard& board, size_t boards) {
  Correction correction;
  for (const auto& [name, value] :
       {std::pair<std::string, double*>{"nvml.gain", &correction.gain}, {"nvml.offset", &correction.offset_w}}) {
    const auto general = number_setting(place, name), own = number_setting(place, name + "." + board.uuid);
    if (general && !own && boards > 1)
      throw Error(
          ErrorKind::invalid_input,
          fmt::format("meter setting {0}: this machine has {1} boards and each has a correction of its own; say {0}.{2}=...",
                      name, boards, board.uuid));
    if (own || general) *value = own ? *own : *general;
  }
  if (correction.gain <= 0)
    throw Error(ErrorKind::invalid_input,
                fmt::format("meter setting nvml.gain: expected a positive number, found {}", correction.gain));
  return correction;
}

bool sees_a_quarter(const std::string& name) {
  static constexpr std::array boards = {"A100", "A800", "A30", "H100", "H800", "H200", "H20", "GH200"};
  return std::any_of(boards.begin(), boards.end(), [&](const char* board) { return name.find(board) != name.npos; });
}

std::vector<std::string> remarks_of(const NvmlBoard& board, Sensor sensor, const Correction& correction) {
  std::vector<std::string> remarks;
  if (sees_a_quarter(board.name))
    remarks.push_back("boards of this kind look at 25 ms of every 100 ms: windows must be long and out of step with the sensor");
  if (sensor == Sensor::power_usage)
    remarks.push_back("power may be a one-second average: leave out the first second of a window");
  if (board.mig) remarks.push_back("MIG is on: this is the power of the whole board with all its instances");
  if (correction.on()) remarks.push_back("corrected by the settings: " + correction.text());
  return remarks;
}

std::string obstacle_of(const MeterPlace& place, const NvmlBoard& board, Sensor sensor) {
  if (board.mig && text_setting(place, "nvml.mig") != "board")
    return "MIG is on, and there is only the power of the whole board with all its instances; to take that: --meter-setting "
           "nvml.mig=board; to turn MIG off: sudo nvidia-smi -mig 0";
  if (board.vgpu) return "this is a virtual GPU: the board's energy is hidden by the hypervisor; measure on the host";
  if (sensor == Sensor::none) return "the driver tells neither energy nor power of this board";
  return "";
}

/// The board's total energy counter.
class NvmlCounter final : public Meter {
 public:
  NvmlCounter(MeterInfo info, std::shared_ptr<NvmlLibrary> nvml, NvmlBoard board, Correction correction, Clock& clock)
      : info_(std::move(info)),
        nvml_(std::move(nvml)),
        board_(std::move(board)),
        correction_(correction),
        clock_(clock),
        opened_(clock.now()) {
    take_reading();
  }

  const MeterInfo& info() const override { return info_; }
  DeviceState state() override { return nvml_->state(board_); }

  Joules read() override {
    const std::lock_guard lock(mutex_);
    try {
      return take_reading();
    } catch (const Error& e) {
      throw e.within(info_.name());
    }
  }

 private:
  Joules take_reading() {
    const auto reply = nvml_->energy_mj(board_);
    if (!reply)
      throw Error(ErrorKind::unavailable, fmt::format("the energy counter cannot be read any more: {}; see nvidia-smi and dmesg",
                                                      nvml_->words(reply.code)));
    const Seconds now = clock_.now();
    const Joules reading = counter_.update(reply.value, now);
    counter_.require_movement(now, longest_stillness);
    // The offset counts up to the refresh that the reading is of, or it would run ahead.
    if (reading > read_) refreshed_ = now;
    read_ = reading;
    corrected_ = std::max(corrected_, correction_.correct(reading, refreshed_ - opened_));
    return corrected_;
  }

  MeterInfo info_;
  std::shared_ptr<NvmlLibrary> nvml_;
  NvmlBoard board_;
  Correction correction_;
  Clock& clock_;
  Seconds opened_;
  std::mutex mutex_;
  EnergyCounter counter_{1e-3, 0, limits};
  Joules read_{0}, corrected_{0};
  Seconds refreshed_{opened_};
};

/// Some drivers report 0 W now and then: the last reading stands in for it, but not for long.
std::function<Watts()> power_sampler(const std::shared_ptr<NvmlLibrary>& nvml, const NvmlBoard& board, Sensor sensor,
                                     Correction correction, Clock& clock) {
  return [=, &clock, last = Watts{0}, last_at = Seconds{0}, any = false]() mutable {
    const auto reply = sensor == Sensor::instant_power ? nvml->instant_power_mw(board) : nvml->power_usage_mw(board);
    if (!reply)
      throw Error(ErrorKind::unavailable,
                  fmt::format("the power cannot be read any more: {}; see nvidia-smi and dmesg", nvml->words(reply.code)));
    const Seconds now = clock.now();
    if (reply.value > 0) {
      any = true;
      last = {std::max(0.0, (reply.value * 1e-3 - correction.offset_w) / correction.gain)};
      last_at = now;
    } else if (!any || now - last_at > longest_without_power) {
      throw Error(ErrorKind::unavailable, "the board reports 0 W, which no running board draws; see nvidia-smi");
    }
    return last;
  };
}

std::string library_name(const MeterPlace& place) { return text_setting(place, "nvml.library", "libnvidia-ml.so.1"); }

std::string driver_obstacle(const NvmlLibrary& nvml) {
  return fmt::format(
      "NVML is here but does not start: {}; run nvidia-smi, which must work, and reload the driver (sudo modprobe nvidia)",
      nvml.init_failure());
}

/// `beside`: the power of a board whose first choice is the counter.
MeterDomain domain_of(const MeterPlace& place, const NvmlBoard& board, Sensor sensor, bool beside, const Correction& correction) {
  const bool counts = sensor == Sensor::energy_counter;
  return {.name = fmt::format("{}{}", board.index, beside ? power_ending : ""),
          .scope = "gpu-board",
          .method = counts ? "counter" : "integrated",
          .what = fmt::format("{}, {}", board.name, text(sensor)),
          .refresh_interval = refresh,
          .resolution = {counts ? 1e-3 : 0},
          .device = "nvml:" + (board.uuid.empty() ? std::to_string(board.index) : board.uuid),
          .obstacle = obstacle_of(place, board, sensor),
          .remarks = remarks_of(board, sensor, correction),
          .chosen_by_default = !beside};
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  const auto nvml = NvmlLibrary::load(library_name(place));
  if (!nvml) return {};
  if (!nvml->init_failure().empty())
    return {{.name = "all",
             .scope = "gpu-board",
             .method = "counter",
             .what = "NVIDIA boards",
             .refresh_interval = refresh,
             .obstacle = driver_obstacle(*nvml),
             .chosen_by_default = true}};
  const std::vector<NvmlBoard> boards = nvml->boards();
  std::vector<MeterDomain> all;
  for (const NvmlBoard& board : boards) {
    const Correction correction = correction_of(place, board, boards.size());
    const Sensor sensor = sensor_of(*nvml, board), power = power_sensor_of(*nvml, board);
    all.push_back(domain_of(place, board, sensor, false, correction));
    if (sensor == Sensor::energy_counter && power != Sensor::none)
      all.push_back(domain_of(place, board, power, true, correction));
  }
  return all;
}

MeterInfo info_of(const NvmlLibrary& nvml, const NvmlBoard& board, const MeterDomain& domain, Sensor sensor,
                  const Correction& correction) {
  MeterInfo info{.meter = "nvml",
                 .domain = domain.name,
                 .scope = domain.scope,
                 .method = domain.method,
                 .device = domain.device,
                 .resolution = domain.resolution,
                 .refresh_interval = refresh,
                 .facts = {{"nvml.board", board.name},
                           {"nvml.uuid", board.uuid},
                           {"nvml.driver", nvml.driver()},
                           {"nvml.sensor", text(sensor)}},
                 .remarks = domain.remarks};
  if (correction.on()) info.facts["nvml.correction"] = correction.text();
  if (info.method == "integrated") info.poll_interval = refresh / 2;
  if (sensor == Sensor::power_usage) info.averaging_window = Seconds{1};
  return info;
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view name) {
  const auto nvml = NvmlLibrary::load(library_name(place));
  if (!nvml)
    throw Error(
        ErrorKind::unavailable,
        fmt::format("nvml:{}: there is no {}; install the NVIDIA driver, or say where it is: --meter-setting nvml.library=FILE",
                    name, library_name(place)));
  if (!nvml->init_failure().empty()) throw Error(ErrorKind::unavailable, driver_obstacle(*nvml));
  const std::vector<NvmlBoard> boards = nvml->boards();
  std::vector<std::string> known;
  for (const NvmlBoard& board : boards) {
    known.push_back(fmt::format("nvml:{}", board.index));
    const bool power = name.ends_with(power_ending);
    const std::string_view named = power ? name.substr(0, name.size() - power_ending.size()) : name;
    if (named != std::to_string(board.index) && named != board.uuid) continue;
    const Correction correction = correction_of(place, board, boards.size());
    const Sensor sensor = power ? power_sensor_of(*nvml, board) : sensor_of(*nvml, board);
    const MeterDomain domain = domain_of(place, board, sensor, power, correction);
    if (!domain.obstacle.empty()) throw Error(ErrorKind::unavailable, fmt::format("nvml:{}: {}", name, domain.obstacle));
    MeterInfo info = info_of(*nvml, board, domain, sensor, correction);
    if (info.method == "counter") return std::make_unique<NvmlCounter>(std::move(info), nvml, board, correction, *place.clock);
    auto sampler = power_sampler(nvml, board, sensor, correction, *place.clock);
    return std::make_unique<SampledMeter>(std::move(info), *place.clock, std::move(sampler),
                                          [nvml, board] { return nvml->state(board); });
  }
  throw Error(ErrorKind::invalid_input, fmt::format("nvml:{} is not there; known: {}", name,
                                                    known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
}

}  // namespace

const MeterSource& nvml_meter() {
  static const MeterSource source{.name = "nvml",
                                  .summary = "NVIDIA boards: energy counter of the driver, or its power integrated",
                                  .absent = "no libnvidia-ml.so.1, or no board; install the NVIDIA driver",
                                  .domains = domains,
                                  .open = open,
                                  .settings = "nvml.library,nvml.gain,nvml.offset,nvml.mig"};
  return source;
}

}  // namespace wattlayer
