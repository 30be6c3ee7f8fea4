#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/chosen_energy_model.h"
#include "cli/evaluation_text.h"
#include "cli/page_option.h"
#include "cli/program.h"
#include "cli/projected_series.h"
#include "cli/suite.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/pages/evaluation_page.h"
#include "wattlayer/training/methods.h"
#include "wattlayer/training/projection.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string dataset, dtype, energy_model, split;
  std::filesystem::path folder, all_folders, page;
  std::vector<std::string> methods;
  bool json = false, all_units = false, quiet = false, shipped = false;
};

bool projects(const std::string& name) {
  const auto all = projection_methods();
  return std::any_of(all.begin(), all.end(), [&](const ProjectionMethod& method) { return method.name == name; });
}

std::vector<Method> chosen_methods(const std::vector<std::string>& names) {
  std::vector<Method> all = methods();
  for (Method& method : training_methods()) all.push_back(std::move(method));
  if (names.empty()) return all;
  std::vector<Method> chosen;
  for (const std::string& name : names) {
    std::vector<std::string> known;
    bool found = false;
    for (const Method& method : all) {
      known.emplace_back(method.name);
      if (method.name == name) chosen.push_back(method), found = true;
    }
    for (const ProjectionMethod& method : projection_methods()) known.emplace_back(method.name);
    found = found || projects(name);
    if (!found) throw Error(ErrorKind::invalid_input, fmt::format("unknown method '{}'{}", name, nearest(name, known)));
  }
  return chosen;
}

/// Throws where the data set has no split of that name.
void require_split(const DatasetDescription& description, const std::string& name) {
  std::vector<std::string> known;
  for (const Split& split : description.splits) known.push_back(split.name);
  if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
    throw Error(ErrorKind::invalid_input, fmt::format("unknown split '{}' of {}{}", name, description.id, nearest(name, known)));
}

/// Its card names the data set.
bool was_fitted_on(const EnergyModel& model, const std::string& dataset) {
  const auto card = nlohmann::json::parse(model.card, nullptr, false);
  return card.is_object() && card.contains("rows") && card["rows"].contains(dataset);
}

/// A finished energy model on the rows of one data set.
SuiteResult score_energy_model(const Options& options, const DataFiles& files) {
  const DatasetDescription description = require_dataset(files, options.dataset);
  const ImportedRows rows = import_dataset(description, options.folder, files);
  if (!rows.refused.empty())
    write_remark(fmt::format("{} rows refused, first {}:{}: {}", rows.refused.size(), rows.refused[0].file, rows.refused[0].line,
                             rows.refused[0].reason));
  const EnergyModel model = choose_energy_model(files, options.energy_model, std::nullopt);
  if (was_fitted_on(model, description.id))
    write_remark(fmt::format("{} was fitted on rows of {}; only rows that it has not seen tell how well it does", model.id,
                             description.id));
  return {.evaluation = evaluate(rows.measurements, model)};
}

SuiteResult evaluated(const Options& options, const DataFiles& files) {
  if (options.folder.empty() == options.all_folders.empty())
    throw Error(ErrorKind::invalid_input, "the rows come from one place; give either --data DIR, or --dataset with --dir FOLDER");
  if (!options.folder.empty() && options.dataset.empty())
    throw Error(ErrorKind::invalid_input, "--dir is the folder of one data set; say which with --dataset");
  if (!options.dataset.empty()) require_split(require_dataset(files, options.dataset), options.split);
  if (!options.energy_model.empty()) {
    if (options.folder.empty())
      throw Error(ErrorKind::invalid_input, "--energy-model scores rows of one data set; add --dataset and --dir");
    return score_energy_model(options, files);
  }
  SuiteOptions suite{.dataset = options.dataset, .split = options.split, .methods = chosen_methods(options.methods)};
  std::copy_if(options.methods.begin(), options.methods.end(), std::back_inserter(suite.projections), projects);
  suite.folder = options.all_folders;
  suite.dataset_folder = options.folder;
  if (!options.dtype.empty()) suite.dtype = require_data_type(options.dtype);
  suite.shipped = options.shipped;
  suite.quiet = options.quiet;
  return run_suite(suite, files);
}

void evaluate_and_write(const Options& options, const Program& program) {
  const DataFiles files = program.data_files();
  require_writable(options.page);
  const SuiteResult result = evaluated(options, files);
  if (result.stopped) write_remark("stopped: what was done until then follows");
  if (result.evaluation.rows.empty() && result.not_scored.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("{} holds no rows that a split can use",
                                                      (options.folder.empty() ? options.all_folders : options.folder).string()));
  const std::string title = options.dataset.empty() ? "wattlayer evaluate" : options.dataset;
  if (!options.page.empty()) write_output(evaluation_page(result.evaluation, title, page_origin(program)), options.page);
  if (options.json) write_output(evaluation_json(result.evaluation, result.targets, result.not_scored, !result.stopped));
  else {
    const std::string tables = options.all_folders.empty()
                                   ? evaluation_tables(result.evaluation, options.all_units)
                                   : suite_table(result.evaluation, result.targets, result.not_scored, options.all_units);
    const std::string projections = projection_tables(result.evaluation, result.targets);
    write_output(tables + (projections.empty() ? "" : "\n" + projections));
  }
  if (result.stopped) throw CLI::RuntimeError(130);
}

}  // namespace

void add_evaluate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "evaluate", "Score methods on blocked splits of public data sets, or finished energy models on rows they have not seen");
  verb->add_option("--data", options->all_folders, "folder of data sets: every one that is there, in one table");
  verb->add_option("--dataset", options->dataset, "one data set (getzner, jetson-nano-icas, ...)");
  verb->add_option("--dir", options->folder, "folder with the files of --dataset");
  verb->add_option("--method", options->methods, "methods to fit, comma-separated; all without it")->delimiter(',');
  verb->add_option("--dtype", options->dtype, "only rows of this data type");
  verb->add_option("--split", options->split, "one split by its name; the usual ones without it");
  verb->add_option("--energy-model", options->energy_model,
                   "score this energy model (HARDWARE/ENGINE/DTYPE or FILE.wlm) instead of fitting");
  verb->add_flag("--shipped", options->shipped, "fit nothing: score the energy models that ship on whatever rows are there");
  verb->add_flag("--json", options->json, "print JSON rows (docs/formats/evaluation_v1.md)");
  add_page_option(*verb, options->page);
  verb->add_flag("--all-units", options->all_units, "print every unit left out, also where they are many");
  verb->add_flag("--quiet", options->quiet, "no progress on standard error");
  verb->callback([options, &program] { evaluate_and_write(*options, program); });
}

}  // namespace wattlayer::cli
