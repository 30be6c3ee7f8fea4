#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/amount.h"
#include "cli/chosen_energy_model.h"
#include "cli/chosen_hardware.h"
#include "cli/collect_progress.h"
#include "cli/measured_tasks.h"
#include "cli/measured_text.h"
#include "cli/metered_command.h"
#include "cli/open_meters.h"
#include "cli/page_option.h"
#include "cli/program.h"
#include "cli/repetition_curve_text.h"
#include "cli/runner.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "wattlayer/bench/fake_runner.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"
#include "wattlayer/pages/measured_page.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/store.h"

namespace wattlayer::cli {
namespace {

constexpr double busy_load = 0.5;  // processes that want to run

struct Options {
  TaskOptions tasks;
  RunnerOptions runner;
  MeterOptions meter;
  Protocol protocol;
  int64_t fixed_passes = 0;
  std::string budget;  ///< 90, 90s, 25m
  std::filesystem::path store, output, page;
  std::string hardware, dataset = "measured", error_curve, target;
  bool json = false, csv = false;
  CommandOptions command;
};

/// The clock and the meters of one measurement: the machine's, or simulated ones.
struct Bench {
  explicit Bench(const Options& options) {
    if (options.runner.simulated()) device = std::make_unique<SimulatedDevice>(Watts{fake_idle_w});
    place = options.meter.place(clock(), device.get());
  }
  void open_meters(const Options& options, const RunnerInfo& runner) {
    open = open_and_lock(options.meter, place, runner, options.runner.device);
  }
  Clock& clock() { return device ? static_cast<Clock&>(*device) : system; }

  SystemClock system;
  std::unique_ptr<SimulatedDevice> device;
  MeterPlace place;
  OpenMeters open;
};

/// What the library cannot know, and the load of the machine before, which no meter tells apart from ours.
void add_circumstances(MeasuredReport& report, const std::optional<double>& load) {
  for (Measured& m : report.results)
    for (Measurement& row : m.rows) {
      row.conditions["program"] = "wattlayer " WATTLAYER_VERSION;
      if (load) row.conditions["load_1min"] = fmt::format("{:.2f}", *load);
    }
  if (load && *load > busy_load)
    report.remarks.push_back(
        fmt::format("the load of the machine was {:.1f} before: what other programs draw is counted, too, and they "
                    "slow the runner down",
                    *load));
}

std::optional<double> machine_load() {
  double load = 0;
  if (getloadavg(&load, 1) != 1) return std::nullopt;
  return load;
}

/// What the protocol leaves open: who measured what for which store. A failure is a row, too.
std::vector<Measurement> rows_to_keep(const Options& options, const std::string& hardware, const TaskList& list,
                                      const MeasuredReport& report) {
  std::vector<Measurement> rows;
  for (size_t i = 0; i < report.results.size(); ++i) {
    const Measured& m = report.results[i];
    std::vector<Measurement> own = m.rows;
    if (!m.failure.empty()) {
      own = {{.workload = list.tasks[i].workload, .engine = report.runner.engine, .dtype = report.preparation.dtype}};
      own[0].failure = m.failure, own[0].method = "";
      own[0].conditions = {{"program", "wattlayer " WATTLAYER_VERSION}, {"date", report.date}};
    }
    for (Measurement& row : own) {
      row.hardware = hardware, row.dataset = options.dataset;
      row.kind = row.workload.is_network ? "network" : "real-layer";
      row.parent = list.parents[i];
      row.block = row.workload.is_network ? row.workload.name : row.workload.items.front().layer.op;
      row.row =
          fmt::format("{} batch {}{}{} {}", row.workload.name, row.workload.batch, row.meter.empty() ? "" : " " + row.meter + ":",
                      row.meter.empty() ? "" : row.conditions["domain"], row.conditions["date"]);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

void check(const Options& options, const DataFiles& files) {
  if (options.hardware.ends_with(".json")) hardware_of_file(options.hardware);
  else if (!options.hardware.empty()) require_file(files, "hardware", options.hardware);
  for (const std::filesystem::path& file : {options.output, options.page, std::filesystem::path(options.error_curve)})
    if (file != "-") require_writable(file);
  if (options.fixed_passes > 0 && !options.error_curve.empty())
    throw Error(ErrorKind::invalid_input, "--error-curve tries many numbers of passes; leave --fixed out");
}

void draw_error_curve(const Options& options, const TaskList& list, Runner& runner, const Preparation& preparation,
                      Bench& bench) {
  if (list.tasks.size() != 1)
    throw Error(ErrorKind::invalid_input,
                fmt::format("--error-curve is of one network or layer; {} were named", list.tasks.size()));
  for (const std::string& remark : bench.open.remarks) write_remark(remark);
  const RepetitionCurve curve = repetition_curve(list.tasks[0], runner, preparation, bench.open.meters, options.protocol,
                                                 bench.clock(), 9, [](const Progress&) { return !StopSignal::came(); });
  if (curve.points.empty())
    throw Error(ErrorKind::unavailable, fmt::format("{}: {}", list.tasks[0].workload.name,
                                                    curve.reference.failure.empty() ? "stopped" : curve.reference.failure));
  if (options.error_curve != "-") write_output(repetition_file(curve, options.error_curve), options.error_curve);
  write_output(repetition_table(curve, list.tasks[0].workload));
}

void write_report(const Options& options, const MeasuredReport& report, const std::vector<Measurement>& rows) {
  const std::string text = options.json  ? measured_json(report)
                           : options.csv ? print_csv(rows)
                                         : measured_table(report, terminal().colour && options.output.empty());
  if (options.csv)
    for (const std::string& remark : report.remarks) write_remark(remark);
  write_output(text, options.output);
}

void write_page(const Options& options, const MeasuredReport& report, const std::optional<EnergyModel>& model,
                const Program& program) {
  std::vector<PagedModel> models;
  if (model) models.push_back({&*model});
  write_output(measured_page(report, models, page_origin(program)), options.page);
}

void measure(const Options& options, const Program& program) {
  const DataFiles files = program.data_files();
  check(options, files);
  const StopSignal stop;
  Bench bench(options);
  const std::optional<double> load = bench.device ? std::nullopt : machine_load();
  const RunnerFactory start = runner_factory(options.runner, bench.device.get());
  std::unique_ptr<Runner> runner = start();
  bench.open_meters(options, runner->info());
  const std::string engine = runner->info().engine;
  const std::string engine_json = require_file(files, "engines", engine);
  const TaskList list = read_tasks(options.tasks, parse_engine(engine_json, engine));
  const bool filed = !options.store.empty() || options.csv;
  const ChosenHardware hardware =
      filed ? choose_hardware(options.hardware, "", options.runner, options.meter.root, files) : ChosenHardware{};
  std::optional<Store> store;  // opened first: nobody measures for an hour to learn that it cannot be written
  if (!options.store.empty()) store.emplace(options.store);
  std::optional<EnergyModel> model;
  if (!options.target.empty()) model = choose_energy_model(files, options.target, list.dtype);
  const Preparation preparation = options.runner.preparation(list.dtype);
  if (!options.error_curve.empty()) return draw_error_curve(options, list, *runner, preparation, bench);

  MeasuredReport report{
      .date = bench.clock().date(), .runner = runner->info(), .preparation = preparation, .remarks = list.remarks};
  for (const Task& task : list.tasks) report.workloads.push_back(task.workload);
  report.results = measure_all(list, start, std::move(runner), preparation, bench.open.meters, options.protocol, bench.clock(),
                               StopSignal::came);
  report.remarks.insert(report.remarks.end(), bench.open.remarks.begin(), bench.open.remarks.end());
  if (!bench.open.absence.empty())
    report.remarks.push_back(fmt::format("only time was measured, no energy: {}", bench.open.absence));
  add_circumstances(report, load);
  if (model)
    for (const Task& task : list.tasks) report.estimates.push_back(predict(task.workload, *model));
  const std::vector<Measurement> rows = rows_to_keep(options, hardware.id, list, report);
  if (store && !rows.empty()) {
    store->describe("hardware", hardware.id, hardware.json);
    store->describe("engines", engine, engine_json);
    store->add(rows);
  }
  if (!options.page.empty()) write_page(options, report, model, program);
  write_report(options, report, rows);
  const bool failed = std::any_of(report.results.begin(), report.results.end(),
                                  [](const Measured& m) { return !m.failure.empty() || m.interrupted; });
  if (StopSignal::came()) throw CLI::RuntimeError(130);
  if (failed) throw CLI::RuntimeError(1);
}

void add_protocol_options(CLI::App& verb, Options& options) {
  auto seconds = [&](const char* name, Seconds& value, const std::string& text) {
    verb.add_option(name, value.value, text)->type_name("S")->check(amount(0, 1e6));
  };
  verb.add_option("--tolerance", options.protocol.tolerance,
                  "half width of the 95 % interval, relative, that ends a measurement (0.02)")
      ->type_name("SHARE")
      ->check(amount(1e-6, 1));
  verb.add_option("--budget", options.budget,
                  "time for each network or layer, after which the interval reached is reported (60s)")
      ->type_name("TIME");
  seconds("--warm-up", options.protocol.warm_up, "seconds of warm-up with the same code (1)");
  seconds("--window", options.protocol.window, "shortest window in seconds; it also holds 30 refreshes of the sensor (1)");
  seconds("--idle", options.protocol.idle, "seconds at rest before, to know the idle power; 0: none (2)");
  verb.add_option("--cool-to", options.protocol.cool_to_c,
                  "wait before a window until the device is not warmer, at most a minute")
      ->type_name("CELSIUS");
  verb.add_option("--fixed", options.fixed_passes, "the published protocol: exactly N passes in one window, without an interval")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}).description(""));
  verb.add_option("--error-curve", options.error_curve,
                  "relative error of the mean against the number of passes; a table, and FILE.csv or FILE.json, or - for neither")
      ->type_name("FILE");
}

void add_output_options(CLI::App& verb, Options& options) {
  verb.add_option("--db", options.store, "store to keep the rows in; made when it is not there")->type_name("FILE");
  verb.add_option("--on", options.target, "what an energy model estimates beside: HARDWARE[/ENGINE[/DTYPE]] or a file (.wlm)")
      ->type_name("TARGET");
  verb.add_option(
          "--hardware", options.hardware,
          "id of the hardware (or its description file) that the rows are filed under; this machine's processor without it")
      ->type_name("ID");
  verb.add_option("--dataset", options.dataset, "data set that the rows are filed under (measured)")->type_name("NAME");
  CLI::Option* json = verb.add_flag("--json", options.json, "print JSON");
  verb.add_flag("--csv", options.csv, "print rows as `wattlayer import` reads them")->excludes(json);
  verb.add_option("-o,--output", options.output, "write to this file")->type_name("FILE");
  add_page_option(verb, options.page);
}

void add_task_options(CLI::App& verb, TaskOptions& options) {
  verb.add_option("NETWORK", options.networks, "ONNX files, text lists of layers (each is measured), net:NAME?batch=1")
      ->type_name("");
  verb.add_option("--layer", options.layers, "a single layer in text form; may be repeated")
      ->type_name("LAYER")
      ->allow_extra_args(false);
  verb.add_option("--batch", options.batches, "batch sizes, 1,32; the network's own without it")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb.add_option("--dtype", options.dtype, "data type of the arithmetic: f32, tf32, bf16, ...")->type_name("DTYPE");
  verb.add_flag("--by-layer", options.by_layer, "measure each distinct layer of a network besides");
  add_network_options(verb, options.reading);
}

}  // namespace

void add_measure(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("measure", "Measure energy and time of networks, layers, or any command");
  options->runner.name = "torch";
  add_task_options(*verb, options->tasks);
  add_runner_options(*verb, options->runner);
  add_meter_options(*verb, options->meter);
  add_protocol_options(*verb, *options);
  add_command_options(*verb, options->command);
  add_output_options(*verb, *options);
  verb->footer(
      "\nWithout a power counter the time is measured and the output says that the energy is unknown; `wattlayer check` says "
      "what\n"
      "this machine can measure. docs/measuring_well.md explains the protocol and the figures.");
  verb->callback([options, verb, &program] {
    const bool network = !options->tasks.networks.empty() || !options->tasks.layers.empty();
    const bool command = !options->command.shell.empty() || !program.command.empty();
    if (network && command) throw CLI::ValidationError("--exec", "measures a command, not a network; leave one of them out");
    if (!network && !command) throw CLI::RequiredError("NETWORK, --layer, --exec or -- COMMAND");
    for (const char* of_command : {"--prom", "--codecarbon", "--carbon-intensity", "--project", "--epochs", "--epoch-pattern"})
      if (!command && verb->count(of_command) > 0) throw CLI::ValidationError(of_command, "goes with --exec or -- COMMAND");
    for (const char* of_network : {"--csv", "--db", "--on", "--fixed", "--error-curve", "--html"})
      if (command && verb->count(of_network) > 0) throw CLI::ValidationError(of_network, "does not go with a command");
    if (options->fixed_passes > 0) options->protocol.fixed_passes = options->fixed_passes;
    if (!options->budget.empty()) options->protocol.budget = parse_duration(options->budget);
    if (!command) return measure(*options, program);
    options->command.arguments = program.command;
    options->command.idle = options->protocol.idle;
    options->command.json = options->json, options->command.output = options->output;
    const int status = measure_command(options->command, options->meter, program.data_files());
    if (status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace wattlayer::cli
