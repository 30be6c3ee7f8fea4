#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <memory>
#include <set>

#include "cli/amount.h"
#include "cli/network_options.h"
#include "cli/program.h"
#include "wattlayer/budget/budget_formats.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/text_file.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

constexpr const char* usual_file = "wattlayer.toml";

struct Options {
  std::vector<std::string> networks, targets;
  std::vector<int64_t> batches;
  std::string dtype, max_increase;
  std::optional<double> max_j, max_wh, max_kwh, confidence, min_coverage;
  bool per_batch = false, json = false, github = false;
  std::filesystem::path config, against, junit, output;
  DeviceSettings device;
  NetworkOptions reading;
  size_t top = 10;
};

std::optional<EnergyLimit> limit_of(const Options& options) {
  if (options.max_j) return energy_limit(*options.max_j, EnergyUnit::j, options.per_batch, "--max-j");
  if (options.max_wh) return energy_limit(*options.max_wh, EnergyUnit::wh, options.per_batch, "--max-wh");
  if (options.max_kwh) return energy_limit(*options.max_kwh, EnergyUnit::kwh, options.per_batch, "--max-kwh");
  return std::nullopt;
}

std::vector<Budget> budgets_of_command(const Options& options) {
  Budget budget{.device = options.device, .limit = limit_of(options)};
  if (!options.dtype.empty()) budget.dtype = require_data_type(options.dtype);
  if (!options.max_increase.empty()) budget.max_increase = parse_increase(options.max_increase);
  std::vector<std::optional<int64_t>> batches(options.batches.begin(), options.batches.end());
  if (batches.empty()) batches.push_back(std::nullopt);
  std::vector<Budget> all;
  for (const std::string& network : options.networks)
    for (const std::string& target : options.targets)
      for (const auto& batch : batches) {
        budget.network = network, budget.target = target;
        budget.reading = options.reading.import_options(batch);
        all.push_back(budget);
      }
  return all;
}

std::vector<Budget> budgets_of_file(const Options& options) {
  const std::filesystem::path file = options.config.empty() ? usual_file : options.config;
  if (options.config.empty() && !std::filesystem::exists(file))
    throw Error(ErrorKind::io,
                fmt::format("there is no {} here; give NETWORK --on TARGET --max-j JOULES, or --config FILE", usual_file));
  return parse_budget_file(read_text(file), file);
}

/// Options that hold for budgets from wherever they are.
void override_with(const Options& options, std::vector<Budget>& budgets) {
  for (Budget& budget : budgets) {
    if (!options.against.empty()) budget.against = options.against;
    if (options.confidence) budget.certainty.confidence = *options.confidence;
    if (options.min_coverage) budget.certainty.min_coverage = *options.min_coverage;
    require_sensible(budget.certainty);
    if (budget.max_increase && budget.against.empty())
      throw Error(
          ErrorKind::invalid_input,
          fmt::format("{} line {}: max_increase without a baseline; add against = \"main.json\" or --against main.json, the "
                      "output of `wattlayer estimate --json`",
                      budget.file.string(), budget.line));
  }
}

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void check(const Options& options, const DataFiles& files) {
  require_writable(options.junit);
  std::vector<Budget> budgets = options.networks.empty() ? budgets_of_file(options) : budgets_of_command(options);
  override_with(options, budgets);
  const std::vector<BudgetCheck> checks = check_budgets(budgets, files, now_s);
  std::set<std::string> said;
  for (const BudgetCheck& c : checks) {
    if (c.verdict == Verdict::failed) write_remark(printable(c.reason));
    else
      for (const std::string& remark : c.remarks)
        if (said.insert(remark).second) write_remark(printable(remark));
  }
  if (!options.junit.empty())
    write_output(budget_junit(checks, fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(std::time(nullptr)))), options.junit);
  const bool colour = terminal().colour && options.output.empty();
  write_output(options.json ? budget_json(checks) : budget_table(checks, options.top, colour), options.output);
  if (options.github) write_output(budget_annotations(checks));
  if (const int status = exit_status(worst(checks))) throw CLI::RuntimeError(status);
}

/// What a budget file states for itself.
void refuse_with_file(const CLI::App& verb) {
  for (const char* option : {"--on", "--batch", "--dtype", "--max-j", "--max-wh", "--max-kwh", "--per-batch", "--max-increase",
                             "--clock", "--power-limit", "--input", "--dim", "--trip-count"})
    if (verb.count(option) > 0)
      throw CLI::ValidationError(option, "is for a NETWORK on the command line; a budget file states its own");
}

void add_limits(CLI::App& verb, Options& options) {
  CLI::Option* j = verb.add_option("--max-j", options.max_j, "limit in joules, of one inference")->type_name("JOULES");
  CLI::Option* wh = verb.add_option("--max-wh", options.max_wh, "limit in watt-hours")->type_name("WH")->excludes(j);
  CLI::Option* kwh =
      verb.add_option("--max-kwh", options.max_kwh, "limit in kilowatt-hours")->type_name("KWH")->excludes(j)->excludes(wh);
  for (CLI::Option* limit : {j, wh, kwh}) limit->check(amount(1e-18, 1e18));
  verb.add_flag("--per-batch", options.per_batch, "the limit is of one pass of the whole batch");
  verb.add_option("--max-increase", options.max_increase, "limit of the growth against the baseline, 5%")->type_name("PERCENT");
  verb.add_option("--against", options.against, "baseline: the output of `wattlayer estimate --json`")->type_name("FILE.json");
  verb.add_option("--confidence", options.confidence, "of the interval that must lie on one side of the limit (0.9)")
      ->type_name("SHARE")
      ->check(amount(0.5, 0.999));
  verb.add_option("--min-coverage", options.min_coverage,
                  "least share of the energy from layers inside the fitted range; with less nothing is said (0.1)")
      ->type_name("SHARE")
      ->check(amount(0, 1));
}

void add_outputs(CLI::App& verb, Options& options) {
  CLI::Option* json = verb.add_flag("--json", options.json, "print JSON");
  verb.add_flag("--github", options.github, "print annotations of GitHub Actions besides")->excludes(json);
  verb.add_option("--junit", options.junit, "write a JUnit report to this file besides")->type_name("FILE.xml");
  verb.add_option("--top", options.top, "how many changed layers to print (10)")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000).description(""));
  verb.add_option("-o,--output", options.output, "write the table or JSON to this file")->type_name("FILE");
}

}  // namespace

void add_check_budget(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check-budget", "Hold networks against energy budgets, for continuous integration");
  verb->add_option("NETWORK", options->networks, "ONNX files, text lists of layers, net:NAME; without any, budgets of a file")
      ->type_name("");
  verb->add_option("--config", options->config, "file with budgets (wattlayer.toml; docs/budget.md)")->type_name("FILE");
  verb->add_option("--on", options->targets, "HARDWARE[/ENGINE[/DTYPE]] or an energy model file (.wlm); may be repeated")
      ->type_name("TARGET")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--batch", options->batches, "batch sizes, 1,32; the network's own without it")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--dtype", options->dtype, "data type of the arithmetic: f32, f16, bf16, int8, ...")->type_name("DTYPE");
  verb->add_option("--clock", options->device.clock_mhz, "clock of the compute units")->type_name("MHZ")->check(amount(1, 1e5));
  verb->add_option("--power-limit", options->device.power_limit_w, "limit of the board's power")
      ->type_name("WATTS")
      ->check(amount(1e-3, 1e6));
  add_network_options(*verb, options->reading);
  add_limits(*verb, *options);
  add_outputs(*verb, *options);
  verb->footer(
      "\nExit status: 0 all within, 3 one is over, 4 one cannot be said (its interval holds the limit, or the estimate is\n"
      "incomplete or not covered), 1 an error, 2 usage. JSON is documented in docs/formats/budget_v1.md.");
  verb->callback([options, verb, &program] {
    if (options->networks.empty()) {
      refuse_with_file(*verb);
    } else {
      if (verb->count("--config") > 0) throw CLI::ValidationError("--config", "holds the networks; leave NETWORK out");
      if (options->targets.empty()) throw CLI::RequiredError("--on");
      if (!options->max_j && !options->max_wh && !options->max_kwh && options->max_increase.empty())
        throw CLI::RequiredError("--max-j, --max-wh, --max-kwh or --max-increase");
      if (!options->max_increase.empty() && options->against.empty()) throw CLI::RequiredError("--against, with --max-increase");
    }
    check(*options, program.data_files());
  });
}

}  // namespace wattlayer::cli
