#include <fmt/format.h>

#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/meter/fake_sensor.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/settings.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer {
namespace {

constexpr std::string_view default_domain = "board";

/// Numbers that a script may set; the name in settings has `fake.` in front.
struct Field {
  std::string_view name;
  double FakeScript::*value;
};

constexpr Field fields[] = {
    {"refresh_s", &FakeScript::refresh_s},
    {"seen_s", &FakeScript::seen_s},
    {"phase_s", &FakeScript::phase_s},
    {"step_j", &FakeScript::step_j},
    {"wrap_j", &FakeScript::wrap_j},
    {"gain", &FakeScript::gain},
    {"offset_w", &FakeScript::offset_w},
    {"noise", &FakeScript::noise},
    {"seed", &FakeScript::seed},
    {"stuck_after_s", &FakeScript::stuck_after_s},
    {"resets_after_s", &FakeScript::resets_after_s},
    {"backwards_after_s", &FakeScript::backwards_after_s},
    {"gone_after_s", &FakeScript::gone_after_s},
    {"throttles_after_s", &FakeScript::throttles_after_s},
    {"temperature_c", &FakeScript::temperature_c},
};

constexpr std::string_view setting_names =
    "fake.refresh_s,fake.seen_s,fake.phase_s,fake.step_j,fake.wrap_j,fake.gain,fake.offset_w,fake.noise,fake.seed,fake.stuck_"
    "after_s,"
    "fake.resets_after_s,fake.backwards_after_s,fake.gone_after_s,fake.throttles_after_s,fake.temperature_c,fake.method,fake."
    "scope,fake.permission,"
    "fake.device";

/// What the domain's text and the settings say: `board+refresh_s=0.1+seen_s=0.025`; the domain's text wins.
struct FakeSettings {
  FakeScript script;
  std::map<std::string, std::string> texts;
};

FakeSettings read_settings(const MeterPlace& place, std::string_view domain) {
  MeterPlace merged{.settings = place.settings};
  for (size_t at = domain.find('+'); at != domain.npos;) {
    const size_t next = domain.find('+', at + 1);
    const std::string_view part = domain.substr(at + 1, next == domain.npos ? next : next - at - 1);
    const size_t equals = part.find('=');
    if (equals == part.npos)
      throw Error(ErrorKind::invalid_input, fmt::format("fake:{}: expected NAME+SETTING=VALUE+..., found '{}'", domain, part));
    merged.settings[fmt::format("fake.{}", part.substr(0, equals))] = part.substr(equals + 1);
    at = next;
  }
  check_settings(merged);
  FakeSettings result;
  for (const Field& field : fields)
    if (const auto value = number_setting(merged, fmt::format("fake.{}", field.name))) result.script.*field.value = *value;
  for (const char* name : {"method", "scope", "permission", "device"})
    result.texts[name] = text_setting(merged, fmt::format("fake.{}", name));
  const std::string& method = result.texts["method"];
  if (!method.empty() && method != "counter" && method != "integrated")
    throw Error(ErrorKind::invalid_input,
                fmt::format("meter setting fake.method: expected counter or integrated, found '{}'", method));
  result.script.integrated = method == "integrated";
  if (result.texts["scope"].empty()) result.texts["scope"] = "board";
  return result;
}

std::string permission_obstacle(const FakeSettings& settings) {
  return settings.texts.at("permission") == "denied" ? "permission denied, as fake.permission says; set it to granted" : "";
}

std::vector<MeterDomain> domains(const MeterPlace& place) {
  if (!place.device) return {};
  const FakeSettings settings = read_settings(place, default_domain);
  return {{.name = std::string(default_domain),
           .scope = settings.texts.at("scope"),
           .method = settings.script.integrated ? "integrated" : "counter",
           .what = "a simulated device",
           .refresh_interval = Seconds{settings.script.refresh_s},
           .resolution = {settings.script.step_j},
           .obstacle = permission_obstacle(settings),
           .chosen_by_default = true}};
}

std::unique_ptr<Meter> open(const MeterPlace& place, std::string_view domain) {
  if (!place.device)
    throw Error(ErrorKind::unavailable,
                "the fake meter measures a simulated device and there is none; use it with --runner fake");
  if (domain.empty()) throw Error(ErrorKind::invalid_input, "fake: is not there; known: fake:board");
  const FakeSettings settings = read_settings(place, domain);
  if (const std::string obstacle = permission_obstacle(settings); !obstacle.empty())
    throw Error(ErrorKind::unavailable, fmt::format("cannot read fake:{}: {}", domain, obstacle));
  MeterInfo info{.meter = "fake",
                 .domain = std::string(domain),
                 .scope = settings.texts.at("scope"),
                 .method = settings.script.integrated ? "integrated" : "counter",
                 // A simulated device is its process's own, nothing to lock, unless the setting says that it is shared.
                 .device = settings.texts.at("device").empty() ? "" : "fake:" + settings.texts.at("device"),
                 .resolution = {settings.script.step_j},
                 .refresh_interval = Seconds{settings.script.refresh_s},
                 .facts = {{"device", "simulated"}},
                 .remarks = {"a simulated device: nothing was measured"}};
  return std::make_unique<FakeMeter>(std::move(info), settings.script, *place.device);
}

}  // namespace

const MeterSource& fake_meter() {
  static const MeterSource source{.name = "fake",
                                  .summary = "a simulated device through a sensor with faults, for tests and demonstrations",
                                  .absent = "only in simulations: --runner fake",
                                  .domains = domains,
                                  .open = open,
                                  .settings = setting_names};
  return source;
}

}  // namespace wattlayer
