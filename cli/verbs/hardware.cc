#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "wattlayer/bench/cpu_description.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string id;
  bool json = false, describe_this = false;
};

std::string optional_quantity(const std::optional<double>& value, std::string_view unit) {
  return value ? quantity(*value, unit) : "–";
}

std::string list_table(const std::vector<Hardware>& all) {
  TextTable table(
      {{"HARDWARE"}, {"NAME"}, {"f32 PEAK", Align::right}, {"MEMORY", Align::right}, {"TDP", Align::right}, {"SCOPE"}});
  for (const Hardware& h : all)
    table.row({h.id, h.name, h.peak_flops.contains(DataType::f32) ? quantity(h.peak(DataType::f32), "FLOP/s") : "–",
               optional_quantity(h.bandwidth_bytes_per_s, "B/s"), optional_quantity(h.tdp_w, "W"), h.scope});
  return table.print(terminal().colour);
}

std::string card(const Hardware& h) {
  const bool colour = terminal().colour;
  TextTable figures({{"FIGURE"}, {"VALUE", Align::right}});
  auto figure = [&](const std::string& field, const std::optional<double>& value, std::string_view unit) {
    if (value) figures.row({field, quantity(*value, unit)});
  };
  figures.row({"compute_units", fmt::format("{:g}", h.compute_units)});
  for (const auto& [type, flops] : h.peak_flops) figure(fmt::format("peak_flops {}", name(type)), flops, "FLOP/s");
  figure("vector_flops", h.vector_flops, "FLOP/s");
  figure("bandwidth_bytes_per_s", h.bandwidth_bytes_per_s, "B/s");
  for (const MemoryLevel& level : h.memory) {
    const std::string units = level.units > 1 ? fmt::format(" × {:g}", level.units) : "";
    const std::string speed =
        level.bandwidth_bytes_per_s ? fmt::format(", {}", quantity(*level.bandwidth_bytes_per_s, "B/s")) : "";
    figures.row({fmt::format("memory {}", level.name), fmt::format("{}{}{}", binary_bytes(level.bytes), units, speed)});
  }
  figure("tdp_w", h.tdp_w, "W");
  figure("idle_w", h.idle_w, "W");
  figure("clock_hz", h.clock_hz, "Hz");
  std::string sources;
  for (const auto& [field, source] : h.sources)
    sources += wrapped(fmt::format("  {}: {}", field, printable(source)), 100, "    ");
  return fmt::format("{}: {} ({}), scope {}\n\n{}\n{}\n{}", styled(h.id, Style::bold, colour), h.name, h.kind, h.scope,
                     figures.print(colour, "  "), styled("Sources", Style::bold, colour), sources);
}

Json to_json(const DataFiles& files, const std::string& id) {
  Json json = Json::parse(require_file(files, "hardware", id));
  Json result{{"id", id}};
  result.update(json);
  return result;
}

void describe_this_machine() {
  const CpuDescription description = describe_cpu("/", measure_copy_bandwidth);
  write_remark(
      fmt::format("to use it, keep it as DIR/hardware/{}.json and say --data-dir DIR; `collect` keeps it with its rows by itself",
                  description.id));
  write_output(description.json);
}

void show(const Options& options, const DataFiles& files) {
  if (options.describe_this) return describe_this_machine();
  std::vector<std::string> wanted = ids(files, "hardware");
  if (!options.id.empty()) wanted = {options.id};
  std::vector<Hardware> all;
  for (const std::string& id : wanted) all.push_back(parse_hardware(require_file(files, "hardware", id), id));
  if (options.json) {
    Json list = Json::array();
    for (const Hardware& h : all) list.push_back(to_json(files, h.id));
    return write_output(Json{{"schema", 1}, {"hardware", list}}.dump(2) + "\n");
  }
  write_output(options.id.empty() ? list_table(all) : card(all.front()));
}

}  // namespace

void add_hardware(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("hardware", "List the hardware descriptions, or show one with the source of every figure");
  verb->add_option("ID", options->id, "hardware to show; all are listed without it")->type_name("");
  verb->add_flag("--json", options->json, "print JSON (docs/formats/hardware_v1.md)");
  verb->add_flag("--describe-this", options->describe_this, "write the description of this machine's processors");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
