#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/amount.h"
#include "cli/footprint_options.h"
#include "cli/program.h"
#include "cli/projected_series.h"
#include "cli/projection_text.h"
#include "cli/stop_signal.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

constexpr int passes_budget = 3;  // exit status

struct Options {
  std::filesystem::path file, learned, output;
  std::string method = "ours", budget, mode = "min";
  int64_t planned = 0, patience = 0, earliest = 0;
  std::vector<int64_t> earlier_runs;
  EpochColumns columns;
  ProjectionOptions projection;
  double planned_duration_s = 0, every_s = 2;
  CostOptions cost;
  FootprintOptions factors;  ///< --pue counts for the budget too
  bool json = false, follow = false;
};

EpochPlan plan_of(const Options& options, const EpochTable& table) {
  if (!options.earlier_runs.empty()) return EpochPlan::as_earlier(options.earlier_runs);
  const auto seen = static_cast<int64_t>(table.epochs.size());
  int64_t earliest = options.earliest;
  if (options.patience > 0) earliest = earliest_stop(table.monitored, options.patience, options.mode == "min");
  if (earliest == 0) return EpochPlan::fixed(options.planned);
  return EpochPlan::between(std::min(std::max(earliest, seen), std::max(options.planned, seen)), std::max(options.planned, seen));
}

/// The number of epochs after which --patience ended the run, where the table goes that far and the plan further.
std::optional<int64_t> out_of_patience(const Options& options, const EpochTable& table) {
  const auto seen = static_cast<int64_t>(table.epochs.size());
  if (options.patience == 0 || seen >= options.planned) return std::nullopt;
  const std::span<const double> monitored = table.monitored;
  for (size_t n = 1; n <= monitored.size(); ++n)
    if (const int64_t end = earliest_stop(monitored.first(n), options.patience, options.mode == "min");
        end <= static_cast<int64_t>(n))
      return end;
  return std::nullopt;
}

ProjectedRun projected(const Options& options, const ProjectionOptions& projection, const EpochTable& table) {
  const EpochPlan plan = plan_of(options, table);
  if (options.planned > 0 && static_cast<int64_t>(table.epochs.size()) > options.planned)
    throw Error(ErrorKind::invalid_input, fmt::format("{} has {} epochs, more than the {} planned; correct --planned",
                                                      options.file.string(), table.epochs.size(), options.planned));
  Projection result = project(require_projection_method(options.method), table.epochs, plan, projection);
  if (const auto end = out_of_patience(options, table))
    result.remarks.push_back(fmt::format(
        "--patience {} ran out in epoch {}: early stopping would have ended the run there; check --patience, --monitor "
        "and --monitor-mode, or take what is spent as the total",
        options.patience, *end));
  const auto left = plan.after(static_cast<int64_t>(table.epochs.size()));
  ProjectedRun run{options.file.string(), options.method, table.energy_from, table.epochs, *left,
                   std::move(result),     options.cost};
  compare_with_budget(run);
  return run;
}

/// Up to the last line break: what stands behind it is still being written.
std::string whole_lines(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::exists(file, none)) return "";
  std::string text = read_text(file);
  text.resize(text.rfind('\n') + 1);
  return text;
}

bool has_a_row(const std::string& text) { return std::count(text.begin(), text.end(), '\n') >= 2; }

/// Reads the file again whenever it has grown, until all epochs are there or a signal comes.
int follow(const Options& options, const ProjectionOptions& projection) {
  const StopSignal signal;
  std::string before, remark;
  int status = 0;
  write_remark(fmt::format("waiting for epochs in {}; Ctrl-C ends", options.file.string()));
  while (!StopSignal::came()) {
    const std::string text = whole_lines(options.file);
    if (text != before && has_a_row(text)) {
      before = text;
      const EpochTable table = read_epoch_table(text, options.file.string(), options.columns);
      if (remark.empty() && !table.remark.empty()) write_remark(remark = table.remark);
      if (table.epochs.size() >= require_projection_method(options.method).fewest(projection)) {
        const ProjectedRun run = projected(options, projection, table);
        fmt::print("{}", options.json ? projection_json(run, true) : projection_line(run));
        std::fflush(stdout);
        status = run.passed ? passes_budget : 0;
        if (static_cast<double>(table.epochs.size()) >= run.plan.latest()) return status;
      }
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.every_s);
    while (!StopSignal::came() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return 130;
}

void refuse_contradictions(const Options& options) {
  if (options.planned == 0) return;
  for (const int64_t epochs : options.earlier_runs)
    if (epochs > options.planned)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("an earlier run of {} epochs is longer than the {} planned; correct --earlier-runs or --planned",
                              epochs, options.planned));
  if (options.earliest > options.planned)
    throw Error(ErrorKind::invalid_input, fmt::format("--earliest-stop {} lies beyond the {} epochs planned; correct one of them",
                                                      options.earliest, options.planned));
}

LearnedProjection read_projection(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  try {
    return parse_projection(text);
  } catch (const Error& e) {
    throw e.within(file.string());
  }
}

int project_run(Options& options, const DataFiles& files) {
  refuse_contradictions(options);
  options.cost.factors = options.factors.footprint(files);
  if (!options.budget.empty()) options.cost.budget = parse_energy(options.budget);
  ProjectionOptions projection = options.projection;
  if (options.planned_duration_s > 0) projection.duration = Seconds{options.planned_duration_s};
  const LearnedProjection learned = options.learned.empty() ? shipped_projection(files) : read_projection(options.learned);
  projection.learned = &learned;
  require_projection_method(options.method);
  if (options.follow) return follow(options, projection);
  const EpochTable table = read_epoch_table(read_text(options.file), options.file.string(), options.columns);
  if (!table.remark.empty()) write_remark(table.remark);
  const ProjectedRun run = projected(options, projection, table);
  write_output(options.json ? projection_json(run, false) : projection_table(run), options.output);
  return run.passed ? passes_budget : 0;
}

void add_early_stopping(CLI::App& verb, Options& options) {
  const std::string group = "Early stopping (the run may end before --planned)";
  auto* monitor =
      verb.add_option("--monitor", options.columns.monitored, "column that early stopping watches (val_loss)")->group(group);
  auto* patience = verb.add_option("--patience", options.patience,
                                   "epochs without a better value before it stops; then every end "
                                   "from there to --planned counts alike")
                       ->check(CLI::Range(1, 1000000))
                       ->group(group);
  monitor->needs(patience);
  patience->needs(monitor);
  verb.add_option("--monitor-mode", options.mode, "min (a loss, the default) or max (an accuracy)")
      ->check(CLI::IsMember({"min", "max"}))
      ->group(group);
  verb.add_option("--earliest-stop", options.earliest, "epoch before which it cannot stop, instead of --patience")
      ->check(CLI::Range(1, 10000000))
      ->excludes(patience)
      ->group(group);
  verb.add_option("--earlier-runs", options.earlier_runs,
                  "epochs that earlier runs took, comma-separated: this one ends like one of them")
      ->delimiter(',')
      ->group(group);
}

void add_method_options(CLI::App& verb, Options& options) {
  verb.add_option("--method", options.method, "ours (the default), step, step-power, carbontracker or skip-k");
  verb.add_option("--start", options.projection.start, "step: epochs before the first stable one (10)")
      ->check(CLI::Range(0, 1000000));
  verb.add_option("--window", options.projection.window, "step, skip-k: epochs averaged (5)")->check(CLI::Range(1, 1000000));
  verb.add_option("--skip", options.projection.skip, "skip-k: epochs skipped (1)")->check(CLI::Range(0, 1000000));
  verb.add_option("--first", options.projection.first, "carbontracker: epochs averaged (1)")->check(CLI::Range(1, 1000000));
  verb.add_option("--planned-duration", options.planned_duration_s, "step-power: seconds of the whole run, where they are known")
      ->check(amount(1e-9));
  verb.add_option("--learned", options.learned, "ours: what `training learn` wrote, instead of what ships");
}

}  // namespace

void add_training_project(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "project", "Project the energy of a whole training run from its first epochs (exit status 3: it passes --budget)");
  verb->add_option("FILE", options->file,
                   "CSV, one row an epoch: epoch, energy_j or energy_kwh, duration_s; or power_w, duration_s")
      ->required();
  verb->add_option("--planned", options->planned, "epochs of the whole run")->check(CLI::Range(1, 10000000));
  add_method_options(*verb, *options);
  verb->add_option("--energy-column", options->columns.energy, "column of the energy; several, comma-separated, are added up")
      ->delimiter(',');
  verb->add_option("--energy-unit", options->columns.energy_unit, "its unit, where its name does not end in it");
  verb->add_option("--budget", options->budget, "energy that the run may take: 2kWh; says in which epoch it is passed");
  add_grid_options(*verb, options->factors);
  add_early_stopping(*verb, *options);
  verb->add_flag("--follow", options->follow, "read a growing file: a line whenever epochs come, until all are there or Ctrl-C");
  verb->add_option("--every", options->every_s, "with --follow: seconds between looks (2)")->check(amount(0.05, 3600));
  verb->add_flag("--json", options->json, "print JSON (docs/training/projection.md)");
  verb->add_option("-o,--output", options->output, "write to this file");
  verb->callback([options, &program] {
    if (options->planned == 0 && options->earlier_runs.empty()) throw CLI::RequiredError("--planned (or --earlier-runs)");
    if (options->follow && !options->output.empty())
      throw Error(ErrorKind::invalid_input,
                  "--follow prints a line whenever epochs come and writes no file; leave out --output and redirect the lines");
    if (const int status = project_run(*options, program.data_files()); status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace wattlayer::cli
