#include "cli/chosen_hardware.h"

#include <fmt/format.h>

#include "wattlayer/bench/cpu_description.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/nearest.h"

namespace wattlayer::cli {

ChosenHardware hardware_of_file(const std::filesystem::path& file) {
  ChosenHardware found{file.stem().string(), read_text(file.string())};
  try {
    parse_hardware(found.json, found.id);
  } catch (const Error& e) {
    const std::string shipped = "hardware/" + found.id + ".json", said = e.what();
    throw Error(e.kind(), said.starts_with(shipped) ? file.string() + said.substr(shipped.size()) : said);
  }
  return found;
}

ChosenHardware choose_hardware(const std::string& named, const std::string& otherwise, const RunnerOptions& runner,
                               const std::filesystem::path& root, const DataFiles& files) {
  std::string id = named;
  if (id.empty()) id = runner.name == "fake" ? "simulated" : otherwise;
  if (id.ends_with(".json")) return hardware_of_file(id);
  if (!id.empty()) return {id, require_file(files, "hardware", id)};
  if (!runner.device.starts_with("cpu"))
    throw Error(ErrorKind::invalid_input, fmt::format("nothing says what hardware {} is; name it with --hardware ID{}",
                                                      runner.device, nearest("", ids(files, "hardware"))));
  CpuDescription here = describe_cpu(root, measure_copy_bandwidth);
  write_remark(fmt::format("no hardware is named: the rows are filed under this machine's processor, {}", here.id));
  return {std::move(here.id), std::move(here.json)};
}

}  // namespace wattlayer::cli
