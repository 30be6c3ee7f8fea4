#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/amount.h"
#include "cli/fitted_rows.h"
#include "cli/learned_pairs.h"
#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/fit/transfer.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/store/store.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::filesystem::path store, folder, output;
  std::string dataset, id, scope;
  Selection selection;
  std::optional<double> stated_power_w;
  std::filesystem::path data;
  std::string devices;
  bool pairs = false;
};

std::vector<Measurement> read(const Options& options, const DataFiles& files) {
  if (options.store.empty() == options.dataset.empty())
    throw Error(ErrorKind::invalid_input, "the rows to fit come from one place; give either --db or --dataset with --dir");
  if (!options.dataset.empty()) {
    std::vector<Measurement> rows = import_dataset(require_dataset(files, options.dataset), options.folder, files).measurements;
    std::erase_if(rows, [&](const Measurement& m) {
      const Selection& s = options.selection;
      return (!s.hardware.empty() && m.hardware != s.hardware) || (!s.engine.empty() && m.engine != s.engine) ||
             (!s.dtype.empty() && name(m.dtype) != s.dtype) || (!s.kind.empty() && m.kind != s.kind);
    });
    return rows;
  }
  if (!std::filesystem::exists(options.store))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: no such file", options.store.string()));
  return Store(options.store).select(options.selection);
}

/// The one target that all rows share, as HARDWARE/ENGINE/DTYPE.
std::string target_of(const std::vector<Measurement>& rows) {
  std::set<std::string> targets;
  for (const Measurement& m : rows) targets.insert(fmt::format("{}/{}/{}", m.hardware, m.engine, name(m.dtype)));
  if (targets.empty())
    throw Error(ErrorKind::invalid_input, "no measurement is selected; `wattlayer import` brings some into a store");
  if (targets.size() > 1)
    throw Error(ErrorKind::invalid_input,
                fmt::format("the rows are of {}; choose one with --hardware, --engine and --dtype", fmt::join(targets, ", ")));
  return *targets.begin();
}

/// The description that the user has, else the one that the rows were measured under.
std::string description(const Options& options, const DataFiles& files, const std::string& folder, const std::string& id) {
  if (!files.read(folder, id + ".json") && !options.store.empty())
    if (auto kept = Store(options.store).description(folder, id)) return std::move(*kept);
  return require_file(files, folder, id);
}

void fit(const Options& options, const DataFiles& files) {
  require_writable(options.output);
  std::vector<Measurement> rows = read(options, files);
  const std::string target = target_of(rows);
  const std::string hardware_json = description(options, files, "hardware", rows[0].hardware);
  const std::string engine_json = description(options, files, "engines", rows[0].engine);
  const size_t selected = rows.size();
  keep_one_scope(rows, options.scope, parse_hardware(hardware_json, rows[0].hardware).scope);
  if (rows.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("all {} selected rows are failures; there is nothing to fit", selected));
  std::vector<const Measurement*> training;
  for (const Measurement& m : rows) training.push_back(&m);
  write_remark(fmt::format("fitting {} rows of {}", rows.size(), target));
  const EnergyModel model = fit_energy_model(
      training, parse_hardware(hardware_json, rows[0].hardware), hardware_json, parse_engine(engine_json, rows[0].engine),
      engine_json, options.id.empty() ? target : options.id, origin_of(rows, files),
      {.stated_power_w = options.stated_power_w, .remark = [](const std::string& text) { write_remark(text); }});
  if (model.physics->stated_w)
    write_remark(fmt::format(
        "no row has a measured energy: the model is one of time, its joules are {:g} W times seconds and labelled modelled",
        *model.physics->stated_w));
  write_text_file(options.output, model.print());
  write_output(fmt::format("energy model {} written to {}\n", model.id, options.output.string()));
}

/// Rows of every data set below the folder whose networks run on that kind of unit; what is counted above idle says nothing of
/// static power, and training little of how devices compare without it.
std::vector<Measurement> rows_of_devices(const Options& options, const DataFiles& files, const Catalogue& catalogue) {
  std::vector<Measurement> rows;
  for (const std::string& id : ids(files, "datasets", ".json")) {
    if (!std::filesystem::is_directory(options.data / id)) continue;
    const DatasetDescription description = require_dataset(files, id);
    if (!description.series.empty()) continue;
    for (Measurement& m : import_dataset(description, options.data / id, files).measurements)
      if (m.failure.empty() && catalogue.hardware(m.hardware).on_processor == (options.devices == "processor") &&
          m.idle_included && m.scope == description.scope && !m.kind.starts_with("training"))
        rows.push_back(std::move(m));
  }
  if (rows.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} holds no rows of a {} in any data set", options.data.string(), options.devices));
  return rows;
}

std::string prior_card(const std::vector<Measurement>& rows, const CardOrigin& origin) {
  std::map<std::string, std::map<std::string, size_t>> counts;
  for (const Measurement& m : rows) ++counts[m.dataset][m.hardware + "/" + m.engine];
  return nlohmann::ordered_json{{"data", origin.title}, {"fitted", origin.date}, {"rows", counts}}.dump(2);
}

void learn_devices(const Options& options, const DataFiles& files) {
  if (options.data.empty()) throw Error(ErrorKind::invalid_input, "--devices needs --data, the folder with the data sets");
  require_writable(options.output);
  const Catalogue catalogue(files);
  const std::vector<Measurement> rows = rows_of_devices(options, files, catalogue);
  std::vector<const Measurement*> training;
  for (const Measurement& m : rows) training.push_back(&m);
  write_remark(fmt::format("learning what devices have in common from {} rows", rows.size()));
  const Target any{catalogue.hardware(rows[0].hardware), catalogue.engine(rows[0].engine), &catalogue};
  DevicePrior prior = learn_prior(training, any, {.rows_of_a_device = 60, .iterations = 25});
  prior.card = prior_card(rows, origin_of(rows, files));
  write_text_file(options.output, prior.print());
  write_output(
      fmt::format("prior of {} devices (with their engines) written to {}; a device left out is met within x/÷ {:.2f} in "
                  "nine cases of ten\n",
                  prior.devices, options.output.string(), std::exp(prior.energy_width)));
}

}  // namespace

void add_fit(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("fit", "Fit an energy model to measurements");
  verb->add_option("--db", options->store, "store with the measurements");
  verb->add_option("--dataset", options->dataset, "or a public data set");
  verb->add_option("--dir", options->folder, "folder with the data set's files");
  verb->add_option("--hardware", options->selection.hardware, "only rows of this hardware");
  verb->add_option("--engine", options->selection.engine, "only rows of this engine");
  verb->add_option("--dtype", options->selection.dtype, "only rows of this data type");
  verb->add_option("--kind", options->selection.kind, "only random-layer, real-layer or network rows");
  verb->add_option("--scope", options->scope, "only rows whose energy has this scope: gpu-board, cpu-package, ...");
  verb->add_option("--stated-power", options->stated_power_w,
                   "watts that stand for the energy where none was measured; labelled modelled")
      ->type_name("WATTS")
      ->check(amount(1e-6, 1e9));
  verb->add_option("--id", options->id, "id of the energy model; HARDWARE/ENGINE/DTYPE without it");
  verb->add_option("-o,--output", options->output, "file to write (.wlm)")->required();
  verb->add_option("--devices", options->devices,
                   "learn instead what devices have in common, those that compute on a `gpu` or on a `processor` (.prior)")
      ->check(CLI::IsMember({"gpu", "processor"}));
  verb->add_flag("--pairs", options->pairs,
                 "learn instead how the errors of two estimates go together, for `compare` (energy_models/paired-errors.json)");
  verb->add_option("--data", options->data, "folder with one folder for each data set, for --devices and --pairs");
  verb->callback([options, &program] {
    if (options->pairs && options->data.empty())
      throw Error(ErrorKind::invalid_input, "--pairs needs --data, the folder with the data sets");
    if (options->pairs) learn_pairs(options->data, options->output, program.data_files());
    else if (options->devices.empty()) fit(*options, program.data_files());
    else learn_devices(*options, program.data_files());
  });
}

}  // namespace wattlayer::cli
