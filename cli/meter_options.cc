#include "cli/meter_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer::cli {

MeterPlace MeterOptions::place(Clock& clock, SimulatedDevice* device) const {
  MeterPlace place{.root = root, .clock = &clock, .device = device};
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == setting.npos || equals == 0)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("--meter-setting: expected KEY=VALUE, found '{}'", setting.substr(0, 100)));
    place.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  check_settings(place);
  return place;
}

std::vector<std::unique_ptr<Meter>> MeterOptions::open(const MeterPlace& place) const {
  return meters.empty() ? open_default_meters(place) : open_meters(place, meters);
}

void add_meter_options(CLI::App& verb, MeterOptions& options, bool with_meter) {
  if (with_meter)
    verb.add_option("--meter", options.meters,
                    "meters as `wattlayer check` names them: nvml:0,rapl:packages (its default ones); none: time alone")
        ->type_name("NAME,...");
  verb.add_option("--root", options.root, "where /sys, /proc and /dev of the machine are: a mounted host tree in a container")
      ->check(CLI::Validator(CLI::ExistingDirectory).description(""))
      ->type_name("DIR");
  verb.add_option("--meter-setting", options.settings, "setting of a meter (docs/meters.md); may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

}  // namespace wattlayer::cli
