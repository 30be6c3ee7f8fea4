#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/amount.h"
#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/training/clean_runs.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::filesystem::path power, runs, output;
  std::vector<std::string> idle;
  CleaningRules rules;
  bool json = false;
};

/// `cpu1=220`
void read_idle(const std::vector<std::string>& words, std::map<std::string, double>& idle) {
  for (const std::string& word : words) {
    const size_t equals = std::min(word.find('='), word.size());
    const std::optional<double> watts = real_of(std::string_view(word).substr(std::min(equals + 1, word.size())));
    if (equals == 0 || !watts || !(*watts > 0))
      throw Error(ErrorKind::invalid_input, fmt::format("--idle: expected TYPE=WATTS such as cpu1=220, found '{}'", word));
    idle[word.substr(0, equals)] = *watts;
  }
}

std::string summary(const CleanedRuns& cleaned, size_t all, const std::filesystem::path& output) {
  std::string text = fmt::format("{} of {} runs kept, written to {}\n", cleaned.runs.size(), all, output.string());
  for (const auto& [reason, count] : cleaned.dropped) text += fmt::format("  {} dropped: {}\n", count, reason);
  for (const auto& [type, watts] : cleaned.idle_w) text += fmt::format("  {} idles at {}\n", type, quantity(watts, "W"));
  for (const auto& [hardware, type] : cleaned.reference)
    text += fmt::format("  energies {}are as on {}\n", hardware.empty() ? "" : "of " + hardware + " ", type);
  for (const auto& [hardware, overhead] : cleaned.overhead)
    text += fmt::format("  overhead of a run{}: {} and {} ({} of the smallest runs)\n", hardware.empty() ? "" : " on " + hardware,
                        quantity(overhead.energy_j, "J"), quantity(overhead.time_s, "s"), overhead.runs);
  if (cleaned.overhead.empty())
    text += "  no run tells the overhead: give a column samples, or the smallest data set with --smallest\n";
  return text;
}

std::string json(const CleanedRuns& cleaned, size_t all, const std::filesystem::path& output) {
  nlohmann::json overhead = nlohmann::json::object();
  for (const auto& [hardware, o] : cleaned.overhead)
    overhead[hardware] = {{"energy_j", o.energy_j}, {"time_s", o.time_s}, {"runs", o.runs}};
  return nlohmann::json{{"schema", 1},
                        {"runs", all},
                        {"kept", cleaned.runs.size()},
                        {"dropped", cleaned.dropped},
                        {"idle_w", cleaned.idle_w},
                        {"reference", cleaned.reference},
                        {"overhead", overhead},
                        {"file", output.string()}}
             .dump(2) +
         "\n";
}

template <typename Read>
auto read_file(const std::filesystem::path& file, Read read) {
  try {
    return read(read_text(file));
  } catch (const Error& e) {
    throw e.kind() == ErrorKind::io ? e : e.within(file.string());
  }
}

void clean(Options options) {
  read_idle(options.idle, options.rules.idle_w);
  require_writable(options.output);
  const auto power = read_file(options.power, [](const std::string& text) { return read_power(text); });
  const NodeRuns runs = read_file(options.runs, [](const std::string& text) { return read_node_runs(text); });
  const CleanedRuns cleaned = clean_runs(runs, power, options.rules);
  write_output(print_clean_runs(runs, cleaned), options.output);
  write_output(options.json ? json(cleaned, runs.runs.size(), options.output)
                            : summary(cleaned, runs.runs.size(), options.output));
}

}  // namespace

void add_training_clean(CLI::App& app, const Program&) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "clean", "Energies of runs from the watt-meters of their nodes, cleaned and made comparable as those of BUTTER-E");
  verb->add_option("POWER", options->power, "table of samples: node, time, power_w")->type_name("")->required();
  verb->add_option("RUNS", options->runs,
                   "table of runs: run, node, start, end, dataset, size; node_type, hardware, samples where they differ")
      ->type_name("")
      ->required();
  verb->add_option("--output,-o", options->output, "table of the runs kept, with their energies")->type_name("FILE")->required();
  verb->add_option("--idle", options->idle, "idle power of node types, TYPE=WATTS; else the 2 % quantile of their samples")
      ->type_name("TYPE=WATTS")
      ->delimiter(',');
  verb->add_option("--smallest", options->rules.smallest_dataset,
                   "data set that tells the overhead; else the one of fewest samples")
      ->type_name("DATASET");
  verb->add_option("--longest", options->rules.longest_run_s, "runs above so many seconds are dropped")
      ->type_name("S")
      ->capture_default_str()
      ->check(amount());
  verb->add_flag("--json", options->json, "print counts and overheads as JSON");
  verb->callback([options] { clean(*options); });
}

}  // namespace wattlayer::cli
