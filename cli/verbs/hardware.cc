#include "wattlayer/core/hardware.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/hardware_text.h"
#include "cli/program.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/bench/cpu_description.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string id, kind;
  bool json = false, describe_this = false;
};

std::vector<std::string> models_of(const std::string& hardware, const std::vector<std::string>& energy_models) {
  std::vector<std::string> found;
  for (const std::string& id : energy_models)
    if (id.starts_with(hardware + "/")) found.push_back(id);
  return found;
}

Json to_json(const DataFiles& files, const DescribedHardware& described) {
  Json result{{"id", described.hardware.id}};
  result.update(Json::parse(require_file(files, "hardware", described.hardware.id)));
  result["energy_models"] = described.energy_models;
  return result;
}

void describe_this_machine() {
  const CpuDescription description = describe_cpu("/", measure_copy_bandwidth);
  write_remark(
      fmt::format("to use it, keep it as DIR/hardware/{}.json and say --data-dir DIR; `collect` keeps it with its rows by itself",
                  description.id));
  write_output(description.json);
}

std::vector<DescribedHardware> wanted(const Options& options, const DataFiles& files) {
  if (!options.id.empty() && !options.kind.empty())
    throw Error(ErrorKind::invalid_input, "--kind chooses among all hardware; leave it out to show one");
  const std::vector<std::string> energy_models = energy_model_ids(files);
  std::vector<DescribedHardware> all;
  for (const std::string& id : options.id.empty() ? ids(files, "hardware") : std::vector<std::string>{options.id}) {
    Hardware h = parse_hardware(require_file(files, "hardware", id), id);
    if (options.kind.empty() || h.kind == options.kind) all.push_back({std::move(h), models_of(id, energy_models)});
  }
  return all;
}

void show(const Options& options, const DataFiles& files) {
  if (options.describe_this) return describe_this_machine();
  const std::vector<DescribedHardware> all = wanted(options, files);
  if (options.json) {
    Json list = Json::array();
    for (const DescribedHardware& d : all) list.push_back(to_json(files, d));
    return write_output(Json{{"schema", 1}, {"hardware", list}}.dump(2) + "\n");
  }
  const bool colour = terminal().colour;
  if (options.id.empty()) return write_output(hardware_table(all, colour));
  std::vector<CardFacts> cards;
  for (const std::string& id : all.front().energy_models) cards.push_back(read_card(load_energy_model(files, id).card));
  write_output(hardware_card(all.front(), cards, colour));
}

}  // namespace

void add_hardware(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("hardware", "List the hardware descriptions, or show one with the source of every figure");
  verb->add_option("ID", options->id, "hardware to show; all are listed without it")->type_name("");
  verb->add_option("--kind", options->kind, "list only one kind: gpu, cpu or soc")
      ->check(CLI::IsMember({"gpu", "cpu", "soc"}))
      ->type_name("KIND");
  verb->add_flag("--json", options->json, "print JSON (docs/formats/hardware_v1.md)");
  verb->add_flag("--describe-this", options->describe_this, "write the description of this machine's processors");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
