#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/chosen_hardware.h"
#include "cli/fitted_rows.h"
#include "cli/program.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/error.h"
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/fit/suggestion.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/store/store.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::filesystem::path store, output;
  std::string hardware, engine, dtype = "f32", scope;
  size_t suggestions = 0;
  std::vector<std::string> candidates;
};

/// Networks that differ in what bounds them; measured at several batches they tell most of a device.
const std::vector<std::string> usual_candidates = {"net:alexnet",
                                                   "net:vgg16",
                                                   "net:resnet18",
                                                   "net:resnet50",
                                                   "net:mobilenet_v2",
                                                   "net:unet",
                                                   "net:efficientnet_b0",
                                                   "net:shufflenet_v2_x1_0",
                                                   "net:mlp_1024_4096_4096_1000"};
const std::vector<int64_t> usual_batches = {1, 8, 64};

/// A device by the id of its file, or a file of the user's own.
ChosenHardware find_device(const std::string& named, const DataFiles& files) {
  if (!named.ends_with(".json")) return {named, require_file(files, "hardware", named)};
  return hardware_of_file(named);
}

std::string command(const std::string& network, int64_t batch, const Options& options) {
  return fmt::format("wattlayer measure '{}' --batch {} --runner torch --hardware {} --db {}", network, batch, options.hardware,
                     options.store.empty() ? "mine.db" : options.store.string());
}

void print_suggestions(const Options& options, const Target& target, const DevicePrior& prior, const std::string& id) {
  const DataType dtype = require_data_type(options.dtype);
  struct Candidate {
    std::string network;
    int64_t batch;
  };
  std::vector<Candidate> candidates;
  std::vector<Workload> workloads;
  for (const std::string& name : options.candidates.empty() ? usual_candidates : options.candidates) {
    const NetworkSource source(name);
    for (int64_t batch : usual_batches) {
      candidates.push_back({name, batch});
      workloads.push_back(with_dtype(source.workload(source.graph({.batch = batch}), target.engine), dtype));
    }
  }
  TextTable table({{"#", Align::right}, {"NETWORK"}, {"BATCH", Align::right}, {"SPREAD LEFT", Align::right}, {"COMMAND"}});
  size_t number = 0;
  std::string out;
  for (const Suggestion& s : suggest(workloads, target, prior, options.suggestions)) {
    if (number == 0)
      out = fmt::format("unmeasured, {} candidates on {} are known to x/÷ {:.2f} (one standard deviation)\n\n", candidates.size(),
                        id, std::exp(s.spread_before));
    const Candidate& c = candidates[s.candidate];
    table.row({std::to_string(++number), c.network, std::to_string(c.batch), fmt::format("x/÷ {:.2f}", std::exp(s.spread_after)),
               command(c.network, c.batch, options)});
  }
  write_output(out + table.print(terminal().colour));
}

/// The user's rows of one device; of the engine named, or of the only one.
std::vector<Measurement> own_rows(const Options& options, const std::string& id, const std::string& habit) {
  if (!std::filesystem::exists(options.store))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: no such file", options.store.string()));
  Selection selection;
  selection.hardware = id, selection.engine = options.engine, selection.dtype = options.dtype;
  std::vector<Measurement> rows = Store(options.store).select(selection);
  keep_one_scope(rows, options.scope, habit);
  if (rows.empty())
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("{} holds no measurement of {} in {}{}; see `wattlayer calibrate --hardware {} --suggest 5` for what to "
                    "measure",
                    options.store.string(), id, options.dtype, options.engine.empty() ? "" : " under " + options.engine, id));
  for (const Measurement& m : rows)
    if (m.engine != rows[0].engine)
      throw Error(ErrorKind::invalid_input, fmt::format("{} holds measurements of {} under {} and {}; choose one with --engine",
                                                        options.store.string(), id, rows[0].engine, m.engine));
  return rows;
}

void calibrate(const Options& options, const DataFiles& files) {
  const ChosenHardware device = find_device(options.hardware, files);
  const Hardware hardware = parse_hardware(device.json, device.id);
  const DevicePrior prior = device_prior(files, hardware);
  if (options.suggestions > 0) {
    const std::string id = options.engine.empty() ? "pytorch" : options.engine;
    return print_suggestions(options, {hardware, parse_engine(require_file(files, "engines", id), id)}, prior, device.id);
  }
  if (options.store.empty() || options.output.empty())
    throw Error(ErrorKind::invalid_input, "calibrate needs --db with your measurements and -o FILE.wlm, or --suggest N");
  require_writable(options.output);
  const std::vector<Measurement> rows = own_rows(options, device.id, hardware.scope);
  const std::string engine = rows[0].engine, engine_json = require_file(files, "engines", engine);
  std::vector<const Measurement*> training;
  for (const Measurement& m : rows) training.push_back(&m);
  const EnergyModel model =
      fit_energy_model(training, hardware, device.json, parse_engine(engine_json, engine), engine_json,
                       fmt::format("{}/{}/{}", device.id, engine, options.dtype), origin_of(rows, files), {.prior = &prior});
  write_text_file(options.output, model.print());
  write_output(
      fmt::format("energy model {} written to {}: {} measurements of its own, the rest from {} other devices; intervals x/÷ "
                  "{:.2f} (data sheet alone: x/÷ {:.2f})\n",
                  model.id, options.output.string(), rows.size(), prior.devices,
                  std::exp(model.physics->network_calibration.energy), std::exp(prior.energy_width)));
}

}  // namespace

void add_calibrate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "calibrate", "Sharpen what other devices teach about yours with a few measurements of your own, or suggest which to take");
  verb->add_option("--hardware", options->hardware, "id of the device, or its description file (docs/formats/hardware_v1.md)")
      ->required();
  verb->add_option("--engine", options->engine, "engine of the measurements; the only one in the store without it");
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic")->capture_default_str();
  verb->add_option("--db", options->store, "store with your measurements (`wattlayer measure --db`)");
  verb->add_option("--scope", options->scope, "only rows whose energy has this scope: gpu-board, cpu-package, ...");
  verb->add_option("-o,--output", options->output, "energy model to write (.wlm)");
  verb->add_option("--suggest", options->suggestions, "print which N workloads to measure next, best first")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, size_t{100}).description(""));
  verb->add_option("--candidate", options->candidates, "networks to choose from (files or net:NAME); usual ones without it")
      ->delimiter(',');
  verb->callback([options, &program] { calibrate(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
