#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/advice_text.h"
#include "cli/chosen_energy_model.h"
#include "cli/mlp_estimate.h"
#include "cli/network_options.h"
#include "cli/program.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/core/error.h"
#include "wattlayer/training/network_sets.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string network, mlp, on;
  std::optional<int64_t> batch, samples;
  NetworkOptions reading;
  std::filesystem::path output;
  bool json = false;
};

/// What each level costs: by the law of the hardware, else by its energy model, else nothing and why.
LevelCosts costs_of(const std::string& on, const AdviceReport& report, const DataFiles& files) {
  if (const auto law = find_butter_model(files, report.hardware.id)) return level_costs(*law);
  try {
    return level_costs(choose_energy_model(files, on, std::nullopt));
  } catch (const Error& e) {
    LevelCosts none{.levels = std::vector<std::optional<LevelCosts::Cost>>(report.hardware.memory.size())};
    none.missing = e.what();
    return none;
  }
}

/// The sets as rows. A law was fitted on accesses to the whole data set; an energy model prices the bytes that a pass reads: a
/// batch of them.
std::vector<SetRow> rows(const AdviceReport& report, const TrainingPasses& passes, double samples) {
  std::vector<SetRow> all = set_rows(report.sets, passes);
  for (SetRow& row : all)
    if (report.costs.at_most && row.id == "samples") row.bytes *= std::min(1.0, report.batch / samples);
  return all;
}

void add_mlp(AdviceReport& report, const Options& options, const DataFiles& files) {
  const MlpTraining training = parse_mlp_training(options.mlp);
  report.network = "mlp " + mlp_name(training.features, training.widths);
  report.parameters = training.parameters();
  report.batch = static_cast<double>(training.batch);
  report.whole_run = true;
  report.sets = place(working_set_sizes(training), report.hardware);
  report.advice = advise(rows(report, passes(training), static_cast<double>(training.samples)), report.hardware, report.costs);
  report.filling = filling_sizes(training, report.hardware);
  const auto law = find_butter_model(files, report.hardware.id);
  const auto energy = [&](const MlpTraining& t) -> std::optional<double> {
    if (!law) return std::nullopt;
    return butter_energy_j(butter_terms(t, report.hardware), law->coefficients);
  };
  report.total_j = energy(training);
  for (const FillingSize& f : report.filling) {
    MlpTraining other = training;
    other.widths = f.widths;
    report.filling_j.push_back(energy(other));
  }
  if (!report.filling.empty())
    report.remarks.emplace_back(
        "filling sizes: all hidden layers wider or narrower together, inputs, outputs and batch as they are");
}

void add_network(AdviceReport& report, const Options& options, const DataFiles& files) {
  const NetworkSource source(options.network);
  const Graph graph = source.graph(options.reading.import_options(options.batch));
  const NetworkSets found = network_sets(graph, options.samples);
  report.network = graph.name;
  report.parameters = found.parameters;
  report.batch = static_cast<double>(graph.batch);
  report.sets = place(found.sizes, report.hardware);
  report.advice = advise(rows(report, {1, 1}, static_cast<double>(options.samples.value_or(1))), report.hardware, report.costs);
  if (found.parameters > 0) {
    report.filling = filling_sizes(report.sets, found.parameter_bytes / found.parameters, report.hardware);
    report.remarks.emplace_back("filling sizes: more or fewer parameters with activations as they are");
  }
  report.filling_j.resize(report.filling.size());
  if (found.unknown_shapes)
    report.remarks.push_back(
        fmt::format("{} nodes of unknown shape are in no set; say their inputs with --input or --dim", found.unknown_shapes));
  if (!options.samples)
    report.remarks.emplace_back("the data set is not among the sets; say how many samples it has with --samples");
  if (find_butter_model(files, report.hardware.id))
    report.remarks.emplace_back(
        "the law was fitted on perceptrons of fully connected layers; of other networks it is an extrapolation");
}

void show(const Options& options, const DataFiles& files) {
  if (options.network.empty() == options.mlp.empty())
    throw Error(ErrorKind::invalid_input, "advice is on one network; give either NETWORK or --mlp \"features=784 widths=...\"");
  if (!options.mlp.empty() && (options.batch || options.samples))
    throw Error(ErrorKind::invalid_input,
                "--batch and --samples are for NETWORK; in --mlp they are words: batch=256 samples=70000");
  const std::string id = options.on.substr(0, options.on.find('/'));
  AdviceReport report{.hardware = parse_hardware(require_file(files, "hardware", id), id)};
  if (report.hardware.memory.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("hardware/{}.json states no memory levels; add them", id));
  report.costs = costs_of(options.on, report, files);
  options.mlp.empty() ? add_network(report, options, files) : add_mlp(report, options, files);
  write_output(options.json ? advice_json(report) : advice_table(report, terminal().colour), options.output);
}

}  // namespace

void add_training_advise(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "advise", "Which working sets of training live in which memory level, what another level would save, sizes that fill one");
  verb->add_option("NETWORK", options->network, "ONNX file or net:NAME")->type_name("");
  verb->add_option("--mlp", options->mlp,
                   "a perceptron instead: \"features=784 widths=512,512,10 batch=256 samples=70000 epochs=30\"")
      ->type_name("WORDS");
  verb->add_option("--on", options->on, "HARDWARE[/ENGINE[/DTYPE]]; eagle-cpu and eagle-gpu have a law of working sets")
      ->type_name("TARGET")
      ->required();
  verb->add_option("--batch", options->batch, "batch size of NETWORK; its own without it")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  verb->add_option("--samples", options->samples, "samples of the data set that NETWORK is trained on")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40).description(""));
  add_network_options(*verb, options->reading);
  verb->add_flag("--json", options->json, "print JSON");
  verb->add_option("--output,-o", options->output, "write to this file")->type_name("FILE");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
