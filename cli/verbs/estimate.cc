#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/network_source.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/target.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/report.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::vector<std::string> networks, layers, targets;
  std::vector<int64_t> batches;
  std::string dtype;
  NetworkOptions network;
  RenderingOptions rendering;
};

std::vector<std::string> remarks_of(const Graph& graph) {
  std::vector<std::string> remarks = graph.remarks;
  if (!graph.unresolved.empty()) {
    const size_t shown = std::min<size_t>(graph.unresolved.size(), 3);
    remarks.push_back(fmt::format(
        "{} of {} nodes have a shape that stays unknown ({}{}); give it with --input or --dim", graph.unresolved.size(),
        graph.nodes.size(), fmt::join(graph.unresolved.begin(), graph.unresolved.begin() + static_cast<ptrdiff_t>(shown), ", "),
        shown < graph.unresolved.size() ? ", ..." : ""));
  }
  return remarks;
}

/// A network whose file says f32 runs in the energy model's data type when the user asks for that; what says otherwise stays.
Workload in_dtype_of(const EnergyModel& model, Workload workload) {
  if (model.dtype == DataType::f32 || !is_float(model.dtype)) return workload;
  for (WorkloadItem& item : workload.items)
    if (item.layer.dtype == DataType::f32) item = with_dtype(Workload{.items = {item}}, model.dtype).items[0];
  return workload;
}

void add_rows(Report& rows, const NetworkSource& source, const std::vector<EnergyModel>& models, const Options& options) {
  std::vector<std::optional<int64_t>> batches(options.batches.begin(), options.batches.end());
  if (batches.empty()) batches.push_back(std::nullopt);
  std::vector<Graph> graphs;
  for (const auto& batch : batches) graphs.push_back(source.graph(options.network, batch));
  for (const EnergyModel& model : models) {
    for (const Graph& graph : graphs) {
      Workload workload = source.workload(graph, model.engine);
      if (!source.is_list()) workload = in_dtype_of(model, std::move(workload));
      EstimateReport row = report(workload, predict(workload, model));
      row.file = source.argument();
      row.remarks = remarks_of(graph);
      rows.estimates.push_back(std::move(row));
    }
  }
}

void estimate(const Options& options, const DataFiles& files) {
  std::optional<DataType> dtype;
  if (!options.dtype.empty()) dtype = require_data_type(options.dtype);
  std::vector<EnergyModel> models;
  for (const std::string& target : options.targets) models.push_back(find_energy_model(files, target, dtype));
  std::vector<NetworkSource> sources;
  for (const std::string& network : options.networks) sources.emplace_back(network);
  for (const std::string& layer : options.layers) sources.push_back(NetworkSource::of_layer(layer));
  Report rows;
  for (const NetworkSource& source : sources) add_rows(rows, source, models, options);
  Rendering rendering = options.rendering.rendering();
  // Batches of one network are read side by side; a matrix of networks and hardware is read row by row.
  rendering.details = rendering.all_layers || options.rendering.top_given || (sources.size() == 1 && models.size() == 1);
  write_output(options.rendering.format().estimates(rows, rendering), options.rendering.output);
}

}  // namespace

void add_estimate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("estimate", "Estimate energy, time and power of networks, layer by layer, with 90 % intervals");
  verb->add_option("NETWORK", options->networks,
                   "ONNX files, text lists of layers (one per line, # comments, - for standard input), net:NAME?batch=1&size=224")
      ->type_name("");
  verb->add_option("--layer", options->layers,
                   "a single layer in text form, 'Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1'; may be repeated")
      ->type_name("LAYER")
      ->allow_extra_args(false);
  verb->add_option("--on", options->targets,
                   "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm); may be repeated or separated by commas")
      ->type_name("TARGET")
      ->required()
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--batch", options->batches, "batch sizes, 1,32; the network's own without it")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic: f32, f16, bf16, int8, ...")->type_name("DTYPE");
  add_network_options(*verb, options->network);
  add_rendering_options(*verb, options->rendering, true);
  verb->footer(
      "\nOne network on one target prints its operators and dearest layers; several print one line each, unless --top or\n"
      "--all-layers asks for more. JSON and CSV are documented in docs/formats/estimate_v1.md.");
  verb->callback([options, verb, &program] {
    if (options->networks.empty() && options->layers.empty()) throw CLI::RequiredError("NETWORK or --layer");
    options->rendering.top_given = verb->count("--top") > 0;
    estimate(*options, program.data_files());
  });
}

}  // namespace wattlayer::cli
