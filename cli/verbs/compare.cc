#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/amount.h"
#include "cli/chosen_energy_model.h"
#include "cli/footprint_options.h"
#include "cli/network_options.h"
#include "cli/page_option.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "wattlayer/api/batch_sweep.h"
#include "wattlayer/api/comparing.h"
#include "wattlayer/api/estimating.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/core/error.h"
#include "wattlayer/pages/comparison_page.h"
#include "wattlayer/report/comparison.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::vector<std::string> networks, targets, accuracies;
  std::vector<int64_t> batches;
  std::string dtype;
  ComparisonOptions comparison;
  DeviceSettings device;
  NetworkOptions network;
  RenderingOptions rendering;
  FootprintOptions factors;
  std::filesystem::path page;
};

std::vector<EnergyModel> models_of(const Options& options, const DataFiles& files) {
  std::optional<DataType> dtype;
  if (!options.dtype.empty()) dtype = require_data_type(options.dtype);
  std::vector<EnergyModel> models;
  for (const std::string& target : options.targets) models.push_back(choose_energy_model(files, target, dtype));
  return models;
}

/// Networks outermost, batch sizes innermost.
std::vector<EstimateReport> estimates_of(const Options& options, const std::vector<NetworkSource>& sources,
                                         const std::vector<EnergyModel>& models) {
  std::vector<std::optional<int64_t>> batches(options.batches.begin(), options.batches.end());
  if (batches.empty()) batches.push_back(std::nullopt);
  std::vector<EstimateReport> estimates;
  for (const NetworkSource& source : sources) {
    std::vector<Graph> graphs;
    for (const auto& batch : batches) graphs.push_back(source.graph(options.network.import_options(batch)));
    for (const EnergyModel& model : models)
      for (const Graph& graph : graphs) estimates.push_back(estimate(source, graph, model, options.device));
  }
  return estimates;
}

void compare(Options options, const Program& program) {
  require_writable(options.page);
  const DataFiles files = program.data_files();
  options.comparison.accuracy = parse_accuracies(options.accuracies);
  const Footprint footprint = options.factors.footprint(files);
  const std::vector<EnergyModel> models = models_of(options, files);
  const std::vector<NetworkSource> sources(options.networks.begin(), options.networks.end());
  std::vector<EstimateReport> estimates = estimates_of(options, sources, models);
  for (EstimateReport& r : estimates) r.derived = derived_figures(r, footprint);
  const Comparison comparison = wattlayer::compare(std::move(estimates), paired_errors(files), options.comparison);
  if (!options.page.empty()) {
    std::vector<EstimateReport> sweep;
    if (options.batches.size() < 2) sweep = batch_sweep(sources, options.network.import_options({}), models, options.device);
    write_output(comparison_page(comparison, paged(models, options.device), sweep, page_origin(program)), options.page);
  }
  write_output(options.rendering.format().comparison(comparison, options.rendering.rendering()), options.rendering.output);
}

void add_comparison_options(CLI::App& verb, Options& options) {
  verb.add_option("--accuracy", options.accuracies, "NETWORK=ACCURACY, comma-separated: which estimates are on the Pareto front")
      ->type_name("NETWORK=N,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_option("--min-accuracy", options.comparison.min_accuracy, "only networks of at least this accuracy can win")
      ->type_name("N")
      ->check(amount(0, 1e12));
  verb.add_flag("--allow-mixed-scope", options.comparison.allow_mixed_scope,
                "also compare energies that cover different things (gpu-board, cpu-package, core-rail, board, wall)");
  verb.add_option("--clock", options.device.clock_mhz, "clock of the compute units; that of the measurements without it")
      ->type_name("MHZ")
      ->check(amount(1, 1e5));
  verb.add_option("--power-limit", options.device.power_limit_w, "limit of the board's power; its habit without it")
      ->type_name("WATTS")
      ->check(amount(1e-3, 1e6));
}

}  // namespace

void add_compare(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "compare", "Compare networks, devices and batch sizes: who needs fewer joules, and is it more than the uncertainty");
  verb->add_option("NETWORK", options->networks, "ONNX files, text lists of layers, net:NAME?size=224")
      ->type_name("")
      ->required();
  verb->add_option("--on", options->targets,
                   "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm); may be repeated or separated by commas")
      ->type_name("TARGET")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->required();
  verb->add_option("--batch", options->batches, "batch sizes, 1,32; each network's own without it")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic: f32, f16, bf16, int8, ...")->type_name("DTYPE");
  add_comparison_options(*verb, *options);
  add_network_options(*verb, options->network);
  add_footprint_options(*verb, options->factors);
  add_rendering_options(*verb, options->rendering, false);
  add_page_option(*verb, options->page);
  verb->footer(
      "\nErrors of two estimates are paired: what both share cancels (docs/paired_errors.md). JSON and CSV are documented in\n"
      "docs/formats/comparison_v1.md.");
  verb->callback([options, &program] {
    if (options->comparison.min_accuracy && options->accuracies.empty())
      throw CLI::ValidationError("--min-accuracy", "needs the accuracies: add --accuracy NETWORK=N,...");
    compare(*options, program);
  });
}

}  // namespace wattlayer::cli
