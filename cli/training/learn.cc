#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/series.h"
#include "wattlayer/training/learned_projection.h"
#include "wattlayer/training/projection_evaluation.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string dataset;
  std::filesystem::path folder, output;
};

/// Errors on blocks that the rest was learned without.
nlohmann::ordered_json errors_of(const std::vector<EpochSeries>& runs) {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (const EvaluationRow& row : evaluate_projections(runs, {}).rows)
    if (row.method == "ours" && row.epochs_seen && row.score)
      errors.push_back({{"epochs_seen", *row.epochs_seen},
                        {"runs", row.score->n},
                        {"mape", row.score->mape},
                        {"medape", row.score->medape},
                        {"coverage90", *row.score->coverage90}});
  return errors;
}

void learn(const Options& options, const DataFiles& files) {
  const DatasetDescription description = require_dataset(files, options.dataset);
  std::vector<EpochSeries> runs;
  for (RunsRead& read : read_series(description, options.folder))
    for (EpochSeries& run : read.runs) {
      run.block = read.hardware + "/" + run.block;
      runs.push_back(std::move(run));
    }
  LearnedProjection learned = learn_projection(runs);
  nlohmann::ordered_json card{{"dataset", description.id},
                              {"title", description.title},
                              {"source", description.source},
                              {"licence", description.licence},
                              {"scope", description.scope}};
  card.update(nlohmann::ordered_json::parse(learned.card));
  card["errors_with_the_block_left_out"] = errors_of(runs);
  card["weakness"] = "what later epochs do is that of these runs; other networks, samples and machines may drift otherwise";
  learned.card = card.dump();
  write_output(print_projection(learned), options.output);
}

}  // namespace

void add_training_learn(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("learn", "Learn from whole runs how their later epochs differ from the first, for `project`");
  verb->add_option("--dataset", options->dataset, "data set that holds training runs (energydl-full, gaissa-seaa2023, ...)")
      ->required();
  verb->add_option("--dir", options->folder, "folder with its files")->required();
  verb->add_option("-o,--output", options->output, "write to this file");
  verb->callback([options, &program] { learn(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
