#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>

#include "cli/amount.h"
#include "cli/chosen_energy_model.h"
#include "cli/chosen_hardware.h"
#include "cli/footprint_options.h"
#include "cli/network_options.h"
#include "cli/page_option.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "wattlayer/api/batch_sweep.h"
#include "wattlayer/api/estimating.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/error.h"
#include "wattlayer/pages/estimate_page.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/report/report.h"
#include "wattlayer/scoring/network_scorer.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::vector<std::string> networks, layers, targets;
  std::vector<int64_t> batches;
  std::string dtype, list, spec, engine = "pytorch";
  DeviceSettings device;
  NetworkOptions network;
  RenderingOptions rendering;
  FootprintOptions factors;
  std::filesystem::path page;
};

/// Figures that follow from factors that the user stated.
void derive(Report& rows, const Footprint& footprint) {
  for (EstimateReport& row : rows.estimates) row.derived = derived_figures(row, footprint);
}

void add_rows(Report& rows, const NetworkSource& source, const std::vector<EnergyModel>& models, const Options& options) {
  std::vector<std::optional<int64_t>> batches(options.batches.begin(), options.batches.end());
  if (batches.empty()) batches.push_back(std::nullopt);
  std::vector<Graph> graphs;
  for (const auto& batch : batches) graphs.push_back(source.graph(options.network.import_options(batch)));
  for (const EnergyModel& model : models)
    for (const Graph& graph : graphs) rows.estimates.push_back(wattlayer::estimate(source, graph, model, options.device));
}

std::vector<EnergyModel> models_of(const Options& options, const DataFiles& files) {
  std::optional<DataType> dtype;
  if (!options.dtype.empty()) dtype = require_data_type(options.dtype);
  std::vector<EnergyModel> models;
  for (const std::string& target : options.targets) models.push_back(choose_energy_model(files, target, dtype));
  if (!options.spec.empty()) {
    const ChosenHardware device = hardware_of_file(options.spec);
    models.push_back(energy_model_from_data_sheet(files, device.json, device.id, options.engine, dtype.value_or(DataType::f32)));
  }
  for (const EnergyModel& model : models)
    if (const PhysicsModel& p = *model.physics;
        model.hardware.clock_hz && !options.device.clock_mhz && (p.clock_high < 1 || p.clock_low > 1))
      write_remark(fmt::format("{} was measured at {:.0f} MHz, which is taken; --clock for another", model.id,
                               std::clamp(1.0, p.clock_low, p.clock_high) * *model.hardware.clock_hz / 1e6));
  return models;
}

/// Scores the networks of a list, one a line; generated ones share what they have in common.
class ListEstimates {
 public:
  ListEstimates(const Options& options, const std::vector<EnergyModel>& models) : options_(options), models_(models) {
    for (const EnergyModel& model : models) scorers_.emplace_back(model, operating_point_of(model, options.device));
  }

  void add(size_t line, const std::string& network) try {
    if (network.starts_with("net:") && options_.network.inputs.empty() && options_.network.dimensions.empty())
      return add_generated(network);
    const NetworkSource source(network);
    Report rows;
    add_rows(rows, source, models_, options_);
    for (EstimateReport& row : rows.estimates) {
      row.layers.clear(), row.operators.clear();
      report.estimates.push_back(std::move(row));
    }
  } catch (const Error& e) {
    report.failures.push_back({line, network, e.what()});
  }

  Report report;

 private:
  void add_generated(const std::string& network) {
    std::vector<std::string> specs;
    for (int64_t batch : options_.batches)
      specs.push_back(fmt::format("{}{}batch={}", network.substr(4), network.find('?') == network.npos ? '?' : '&', batch));
    if (specs.empty()) specs.push_back(network.substr(4));
    std::vector<EstimateReport> rows;
    for (NetworkScorer& scorer : scorers_)
      for (const std::string& spec : specs) {
        rows.push_back(wattlayer::report(scorer.score(spec)));
        rows.back().file = network;
      }
    std::move(rows.begin(), rows.end(), std::back_inserter(report.estimates));
  }

  const Options& options_;
  const std::vector<EnergyModel>& models_;
  std::deque<NetworkScorer> scorers_;
};

void estimate_list(const Options& options, const DataFiles& files) {
  const Footprint footprint = options.factors.footprint(files);
  const std::vector<EnergyModel> models = models_of(options, files);
  const std::string text = read_text(options.list);
  ListEstimates estimates(options, models);
  size_t number = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = std::string_view(text).substr(start, end - start);
    start = end + 1, ++number;
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos || line[first] == '#') continue;
    estimates.add(number, std::string(line.substr(first, line.find_last_not_of(" \t\r") - first + 1)));
  }
  Report& report = estimates.report;
  for (const Failure& f : report.failures) fmt::print(stderr, "wattlayer: {} line {}: {}\n", options.list, f.line, f.reason);
  if (report.estimates.empty() && report.failures.empty())
    throw Error(ErrorKind::invalid_input,
                options.list + ": no network in it; expected one per line, such as: net:mobilenet_v1?width=0.5");
  derive(report, footprint);
  Rendering rendering = options.rendering.rendering();
  rendering.details = false, rendering.totals = true;
  write_output(options.rendering.format().estimates(report, rendering), options.rendering.output);
  if (!report.failures.empty()) throw CLI::RuntimeError(1);
}

void write_page(const Report& rows, const std::vector<NetworkSource>& sources, const std::vector<EnergyModel>& models,
                const Options& options, const Program& program) {
  // Further batches for the page's curve; with several the user chose them.
  std::vector<EstimateReport> sweep;
  if (options.batches.size() < 2) sweep = batch_sweep(sources, options.network.import_options({}), models, options.device);
  write_output(estimate_page(rows, paged(models, options.device), sweep, page_origin(program)), options.page);
}

void estimate(const Options& options, const Program& program) {
  require_writable(options.page);
  const DataFiles files = program.data_files();
  const Footprint footprint = options.factors.footprint(files);
  const std::vector<EnergyModel> models = models_of(options, files);
  std::vector<NetworkSource> sources;
  for (const std::string& network : options.networks) sources.emplace_back(network);
  for (const std::string& layer : options.layers) sources.push_back(NetworkSource::of_layer(layer));
  Report rows;
  for (const NetworkSource& source : sources) add_rows(rows, source, models, options);
  derive(rows, footprint);
  Rendering rendering = options.rendering.rendering();
  // Batches of one network are read side by side; a matrix of networks and hardware is read row by row.
  rendering.details = rendering.all_layers || options.rendering.top_given || (sources.size() == 1 && models.size() == 1);
  if (!options.page.empty()) write_page(rows, sources, models, options, program);
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
  verb->add_option("--list", options->list,
                   "file with one network a line (an ONNX file or net:NAME?..., # comments, - for standard input), totals only")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--on", options->targets,
                   "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm); may be repeated or separated by commas")
      ->type_name("TARGET")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--on-spec", options->spec,
                   "description file of a device that nobody has measured (docs/formats/hardware_v1.md): from its data sheet")
      ->type_name("FILE.json");
  verb->add_option("--engine", options->engine, "engine for --on-spec")->capture_default_str();
  verb->add_option("--clock", options->device.clock_mhz, "clock of the compute units; that of the measurements without it")
      ->type_name("MHZ")
      ->check(amount(1, 1e5));
  verb->add_option("--power-limit", options->device.power_limit_w, "limit of the board's power; its habit without it")
      ->type_name("WATTS")
      ->check(amount(1e-3, 1e6));
  verb->add_option("--batch", options->batches, "batch sizes, 1,32; the network's own without it")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic: f32, f16, bf16, int8, ...")->type_name("DTYPE");
  add_network_options(*verb, options->network);
  add_footprint_options(*verb, options->factors);
  add_rendering_options(*verb, options->rendering, true);
  add_page_option(*verb, options->page);
  verb->footer(
      "\nOne network on one target prints its operators and dearest layers; several print one line each, unless --top or\n"
      "--all-layers asks for more. JSON and CSV are documented in docs/formats/estimate_v1.md.");
  verb->callback([options, verb, &program] {
    if (options->targets.empty() && options->spec.empty()) throw CLI::RequiredError("--on or --on-spec");
    if (!options->list.empty()) {
      if (!options->networks.empty() || !options->layers.empty() || options->rendering.all_layers || verb->count("--top") > 0)
        throw CLI::ValidationError("--list",
                                   "prints totals of the networks in its file; leave out NETWORK, --layer, --top and "
                                   "--all-layers");
      if (!options->page.empty())
        throw CLI::ValidationError("--html", "shows single layers, which --list does not estimate; name the networks instead");
      return estimate_list(*options, program.data_files());
    }
    if (options->networks.empty() && options->layers.empty()) throw CLI::RequiredError("NETWORK, --layer or --list");
    options->rendering.top_given = verb->count("--top") > 0;
    estimate(*options, program);
  });
}

}  // namespace wattlayer::cli
