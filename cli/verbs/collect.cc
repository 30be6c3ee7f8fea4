#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/campaign_source.h"
#include "cli/chosen_hardware.h"
#include "cli/collect_progress.h"
#include "cli/meter_options.h"
#include "cli/program.h"
#include "cli/runner.h"
#include "cli/slurm.h"
#include "cli/stop_signal.h"
#include "wattlayer/bench/collect.h"
#include "wattlayer/bench/cpu_description.h"
#include "wattlayer/bench/fake_runner.h"
#include "wattlayer/bench/shard.h"
#include "wattlayer/bench/working_board.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_lock.h"
#include "wattlayer/meter/simulated_device.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/store/store.h"

namespace wattlayer::cli {
namespace {

constexpr std::uintmax_t least_free_bytes = 16 << 20;

struct Options {
  std::string campaign, hardware, budget, shard = "1/1";
  MeterOptions meters;
  std::filesystem::path store, networks;
  RunnerOptions runner{.name = "torch"};
  bool device_given = false, retry_failed = false, dry_run = false, slurm = false;
  int slurm_tasks = 1;
  std::vector<std::string> slurm_options;
};

/// Everything that a run needs, opened in an order that finds the cheapest mistake first.
struct Session {
  CampaignSource source;
  std::unique_ptr<SimulatedDevice> simulated;
  SystemClock system_clock;
  std::unique_ptr<Runner> first_runner;  ///< started to ask for its engine, then the first one used
  RunnerFactory start_runner;
  CampaignPlace place;
  std::string hardware_json, engine_json;
  std::vector<std::unique_ptr<Meter>> meters;
  std::vector<MeterLock> locks;
  CampaignItems expanded;
  CollectOptions collect;

  Clock& clock() { return simulated ? static_cast<Clock&>(*simulated) : system_clock; }
  std::vector<Meter*> meter_list() const {
    std::vector<Meter*> list;
    for (const auto& meter : meters) list.push_back(meter.get());
    return list;
  }
};

/// Before anything is measured: is there a place for what will be?
void require_room(const std::filesystem::path& store) {
  const std::filesystem::path folder = store.has_parent_path() ? store.parent_path() : std::filesystem::path(".");
  std::error_code none;
  const auto space = std::filesystem::space(folder, none);
  if (!none && space.available < least_free_bytes)
    throw Error(ErrorKind::io, fmt::format("the disk of {} has {} bytes left, a campaign needs at least {}; make room first",
                                           store.string(), space.available, least_free_bytes));
}

void take_campaign_settings(Session& session, Options& options) {
  Campaign& campaign = session.source.campaign;
  if (!options.device_given && !campaign.device.empty()) options.runner.device = campaign.device;
  campaign.warm_cache = options.runner.warm_cache = campaign.warm_cache || options.runner.warm_cache;
  if (options.runner.threads == 0) options.runner.threads = campaign.threads;
  campaign.threads = options.runner.threads;
  session.collect.preparation = options.runner.preparation(DataType::f32);
  if (options.runner.simulated()) session.simulated = std::make_unique<SimulatedDevice>(Watts{fake_idle_w});
}

void start_runner(Session& session, const Options& options, const DataFiles& files) {
  const RunnerFactory factory = runner_factory(options.runner, session.simulated.get(), StopSignal::overdue);
  session.first_runner = factory();
  session.start_runner = [&session, factory] { return session.first_runner ? std::move(session.first_runner) : factory(); };
  const std::string engine = session.first_runner->info().engine;
  session.engine_json = require_file(files, "engines", engine);
  session.place.engine = parse_engine(session.engine_json, engine);
}

void find_hardware(Session& session, const Options& options, const DataFiles& files) {
  const auto [id, json] =
      choose_hardware(options.hardware, session.source.campaign.hardware, options.runner, options.meters.root, files);
  session.hardware_json = json;
  session.place.hardware = parse_hardware(session.hardware_json, id);
  session.collect.hardware = id;
}

/// Meters that are not named are all that there are, but of other boards than the one that works: their energy is not the
/// campaign's, and other campaigns may run there.
void open_meters(Session& session, const Options& options) {
  if (options.meters.meters == "none") return;
  session.meters = options.meters.open(options.meters.place(session.clock(), session.simulated.get()));
  const std::string& device = options.runner.device;
  for (const std::string& remark :
       match_boards(session.meters, session.first_runner->info(), device, !options.meters.meters.empty()))
    write_remark(remark);
  if (session.meters.empty())
    throw Error(
        ErrorKind::unavailable,
        fmt::format(
            "no meter here is of {}; `wattlayer check` lists them all, --meter names one, --meter none measures time alone",
            device));
  for (const auto& meter : session.meters) session.collect.meters.push_back(meter->info());
}

void expand_campaign(Session& session, const Options& options, CollectProgressLine& line) {
  const Shard shard = parse_shard(options.shard);
  size_t read = 0;
  session.place.folders = session.source.folders;
  session.expanded = expand(session.source.campaign, session.place, [&](const std::string& name) {
    line.show({.done = read, .total = ++read, .item = "reading " + name});
    if (StopSignal::came()) throw Error(ErrorKind::unavailable, "stopped on request before anything was measured");
  });
  std::erase_if(session.expanded.items, [&](const CampaignItem& item) { return !shard.holds(item.id()); });
}

std::string summary(const CollectResult& result, const Options& options, size_t rows) {
  std::string out =
      fmt::format("{} measured, {} failed, {} were there already, {} left; {} rows in {}; {}\n", result.measured, result.failed,
                  result.present, result.left, rows, options.store.string(), duration_text(result.time));
  if (result.failed > 0) out += fmt::format("first failure: {}\n", result.first_failure);
  if (result.left > 0)
    out += fmt::format("{}; call it again to go on\n", result.stopped ? "stopped on request" : "the budget ended");
  return out;
}

void run(Session& session, const Options& options, CollectProgressLine& line) {
  require_room(options.store);
  Store store(options.store);
  store.require_writable();
  open_meters(session, options);
  session.locks = lock_meters(session.meter_list(), meter_lock_folder());
  expand_campaign(session, options, line);
  for (const std::string& remark : session.expanded.remarks) line.remark(remark);
  store.describe("hardware", session.collect.hardware, session.hardware_json);
  store.describe("engines", session.place.engine.id, session.engine_json);
  CollectOptions& collect_options = session.collect;
  const std::vector<Meter*> meters = session.meter_list();
  collect_options.measure = [&](std::span<const Task> tasks, Runner& runner, const Preparation& preparation,
                                const ProgressCallback& progress) {
    return measure(tasks, runner, preparation, meters, session.source.campaign.protocol, session.clock(), progress);
  };
  collect_options.start_runner = session.start_runner;
  collect_options.stop = StopSignal::came;
  collect_options.progress = [&](const CollectProgress& progress) { line.show(progress); };
  collect_options.retry_failed = options.retry_failed;
  if (!options.budget.empty()) collect_options.budget = parse_duration(options.budget);
  const CollectResult result =
      collect(session.source.campaign, session.expanded.items, session.place, store, session.clock(), collect_options);
  write_output(summary(result, options, store.size()));
  if (result.measured == 0 && result.failed > 0 && result.present == 0)
    throw Error(ErrorKind::unavailable, fmt::format("not one of {} items could be measured", result.failed));
}

/// Opens the meters as a run does; where that fails it returns why, and the plan goes by a usual meter.
std::string try_meters(Session& session, const Options& options) {
  try {
    open_meters(session, options);
    return "";
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unavailable) throw;
    const bool gpu = session.place.hardware->kind != "cpu";
    session.collect.meters = {{.scope = gpu ? "gpu-board" : "cpu-package", .refresh_interval = Seconds{gpu ? 0.1 : 0.001}}};
    return e.what();
  }
}

/// The plan needs neither meter nor database; what a database holds is counted as done.
void print_plan(Session& session, const Options& options, CollectProgressLine& line) {
  const std::string obstacle = try_meters(session, options);
  expand_campaign(session, options, line);
  std::vector<bool> done(session.expanded.items.size());
  if (std::filesystem::exists(options.store))
    done =
        present(session.expanded.items, Store(options.store), session.source.campaign, session.place.engine.id, session.collect);
  write_output(
      plan_text(session.expanded, session.source.campaign, done, slowest_refresh(session.collect.meters), terminal().colour));
  if (!obstacle.empty()) write_output(fmt::format("on this machine it does not start: {}\n", printable(obstacle)));
}

/// The same call for a task of a job array, with paths that hold from any folder.
std::vector<std::string> task_command(const Options& options, const Program& program) {
  std::vector<std::string> words = {std::filesystem::read_symlink("/proc/self/exe").string()};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  const auto absolute = [](const std::filesystem::path& path) {
    return path.empty() ? std::string() : std::filesystem::absolute(path).string();
  };
  add("--data-dir", absolute(program.data_dir));
  const bool shipped = options.campaign.find('/') == options.campaign.npos && !options.campaign.ends_with(".json");
  words.insert(words.end(), {"collect", shipped ? options.campaign : absolute(options.campaign)});
  add("--networks", absolute(options.networks));
  add("--hardware", options.hardware);
  add("--meter", options.meters.meters);
  for (const std::string& setting : options.meters.settings) add("--meter-setting", setting);
  if (options.meters.root != "/") add("--root", absolute(options.meters.root));
  add("--budget", options.budget);
  add("--runner", options.runner.name.find('/') == std::string::npos ? options.runner.name : absolute(options.runner.name));
  for (const std::string& setting : options.runner.settings) add("--runner-option", setting);
  if (options.device_given) add("--device", options.runner.device);
  if (options.runner.threads > 0) add("--threads", std::to_string(options.runner.threads));
  if (options.runner.seed > 0) add("--seed", std::to_string(options.runner.seed));
  add("--runner-timeout", fmt::format("{}", options.runner.answer_within_s));
  if (options.runner.warm_cache) words.emplace_back("--warm-cache");
  if (options.retry_failed) words.emplace_back("--retry-failed");
  return words;
}

void submit_campaign(const Options& options, const Program& program) {
  if (options.shard != "1/1")
    throw Error(ErrorKind::invalid_input, "--shard and --slurm exclude each other: each task of the array gets its own shard");
  const Campaign campaign = find_campaign(program.data_files(), options.campaign, options.networks).campaign;
  write_output(submit({.name = "wattlayer-" + campaign.id,
                       .tasks = options.slurm_tasks,
                       .options = options.slurm_options,
                       .command = task_command(options, program),
                       .store = options.store}));
}

void collect_campaign(Options options, const Program& program) {
  const DataFiles files = program.data_files();
  Session session;
  if (options.store.empty() && !options.dry_run)
    throw Error(ErrorKind::invalid_input, "where do the rows go? name a database with --db FILE");
  session.source = find_campaign(files, options.campaign, options.networks);
  if (!options.budget.empty()) parse_duration(options.budget);
  parse_shard(options.shard);
  if (options.slurm && !options.dry_run) return submit_campaign(options, program);
  take_campaign_settings(session, options);
  find_hardware(session, options, files);
  const StopSignal signal;
  start_runner(session, options, files);
  CollectProgressLine line;
  options.dry_run ? print_plan(session, options, line) : run(session, options, line);
}

}  // namespace

void add_collect(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("collect", "Measure a whole campaign into a database; called again, it goes on where it was");
  verb->add_option("CAMPAIGN", options->campaign, "campaign file (docs/formats/campaign_v1.md), or a shipped one: cpu-small, ...")
      ->required();
  verb->add_option("--db", options->store, "database to add to; made when it is not there")->type_name("FILE");
  verb->add_option("--networks", options->networks, "folder of the ONNX files that the campaign names")->type_name("DIR");
  verb->add_option("--hardware", options->hardware, "hardware that it runs on; the campaign's without it")->type_name("ID");
  add_meter_options(*verb, options->meters);
  add_runner_options(*verb, options->runner);
  verb->add_option("--budget", options->budget, "stop in time, the most useful items first: 90s, 25m, 8h")->type_name("TIME");
  verb->add_option("--shard", options->shard, "only part I of N of the items, for several machines")->type_name("I/N");
  verb->add_flag("--slurm", options->slurm, "submit it as a Slurm job array, and a job that merges what its tasks measure");
  verb->add_option("--slurm-array", options->slurm_tasks, "tasks of the array (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 10000).description(""));
  verb->add_option("--slurm-option", options->slurm_options, "an option of sbatch for the tasks: --slurm-option=--partition=gpu")
      ->type_name("OPTION")
      ->allow_extra_args(false);
  verb->add_flag("--retry-failed", options->retry_failed, "try items again that failed before");
  verb->add_flag("--dry-run", options->dry_run, "print what would be measured and how long that takes");
  verb->callback([options, verb, &program] {
    options->device_given = verb->get_option("--device")->count() > 0;
    options->slurm = options->slurm || verb->get_option("--slurm-array")->count() > 0;
    collect_campaign(*options, program);
  });
}

}  // namespace wattlayer::cli
