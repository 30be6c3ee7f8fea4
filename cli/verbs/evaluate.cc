#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.h"
#include "cli/target.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/fit/evaluation_page.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string dataset, dtype, energy_model, split;
  std::filesystem::path folder, page;
  std::vector<std::string> methods;
  bool json = false, all_units = false, quiet = false;
};

std::vector<Method> chosen_methods(const std::vector<std::string>& names) {
  std::vector<Method> all = methods();
  if (names.empty()) return all;
  std::vector<Method> chosen;
  for (const std::string& name : names) {
    std::vector<std::string> known;
    bool found = false;
    for (const Method& method : all) {
      known.emplace_back(method.name);
      if (method.name == name) chosen.push_back(method), found = true;
    }
    if (!found) throw Error(ErrorKind::invalid_input, fmt::format("unknown method '{}'{}", name, nearest(name, known)));
  }
  return chosen;
}

std::vector<Split> chosen_splits(const DatasetDescription& description, const std::string& name) {
  std::vector<Split> chosen;
  std::vector<std::string> known;
  for (const Split& split : description.splits) {
    known.push_back(split.name);
    if (name.empty() ? split.habitual : split.name == name) chosen.push_back(split);
  }
  if (chosen.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("unknown split '{}' of {}{}", name, description.id, nearest(name, known)));
  return chosen;
}

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json as_json(const EvaluationRow& row) {
  Json json{{"dataset", row.dataset}, {"hardware", row.hardware},           {"engine", row.engine},
            {"split", row.split},     {"unit_left_out", row.unit_left_out}, {"method", row.method},
            {"level", row.level},     {"n", row.score ? row.score->n : 0}};
  const auto figure = [&](const char* name, std::optional<double> value) { json[name] = optional(value); };
  const auto of = [&](double Score::*member) { return row.score ? std::optional(row.score.value().*member) : std::nullopt; };
  figure("medape", of(&Score::medape));
  figure("mape", of(&Score::mape));
  figure("p90", of(&Score::p90));
  figure("max", of(&Score::max));
  figure("min", of(&Score::min));
  figure("bias", of(&Score::bias));
  figure("r2", row.score ? row.score->r2 : std::nullopt);
  figure("coverage90", row.score ? row.score->coverage90 : std::nullopt);
  figure("width90", row.score ? row.score->width90 : std::nullopt);
  return json;
}

std::string per_cent(double value) { return value < 99.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value); }

std::vector<std::string> cells(const EvaluationRow& row) {
  std::vector<std::string> cells = {row.unit_left_out, row.level, row.method};
  if (!row.score) return cells.insert(cells.end(), {"0", "–", "–", "–", "–", "–", "–", "–", "–", "–"}), cells;
  const Score& s = *row.score;
  cells.push_back(std::to_string(s.n));
  for (double value : {s.medape, s.mape, s.p90, s.max, s.min}) cells.push_back(per_cent(value));
  cells.push_back(fmt::format("{}{}", s.bias < 0 ? "-" : "+", per_cent(std::abs(s.bias))));
  cells.push_back(s.r2 ? fmt::format("{:.4f}", *s.r2) : "–");
  cells.push_back(s.coverage90 ? per_cent(*s.coverage90) : "–");
  cells.push_back(s.width90 ? fmt::format("{:.2f}", *s.width90) : "–");
  return cells;
}

/// One table a split; rows of one unit stand together. Single units only with --all-units, where there are more than a dozen.
std::string as_tables(const Evaluation& evaluation, bool all_units) {
  std::string out;
  for (size_t start = 0; start < evaluation.rows.size();) {
    size_t end = start;
    while (end < evaluation.rows.size() && evaluation.rows[end].split == evaluation.rows[start].split) ++end;
    std::vector<const EvaluationRow*> rows;
    for (size_t i = start; i < end; ++i) rows.push_back(&evaluation.rows[i]);
    std::stable_sort(rows.begin(), rows.end(), [](const EvaluationRow* a, const EvaluationRow* b) {
      return std::tuple(a->unit_left_out != "all", a->unit_left_out, a->level) <
             std::tuple(b->unit_left_out != "all", b->unit_left_out, b->level);
    });
    const EvaluationRow& first = *rows[0];
    out += fmt::format("{}{}: {} ({}, {})\n\n", start ? "\n" : "", first.dataset, first.split, first.hardware, first.engine);
    TextTable table({{"LEFT OUT"},
                     {"LEVEL"},
                     {"METHOD"},
                     {"N", Align::right},
                     {"MedAPE %", Align::right},
                     {"MAPE %", Align::right},
                     {"P90", Align::right},
                     {"MAX", Align::right},
                     {"MIN", Align::right},
                     {"BIAS", Align::right},
                     {"R2", Align::right},
                     {"COV90", Align::right},
                     {"×/÷", Align::right}});
    std::set<std::string> units;
    for (const EvaluationRow* row : rows) units.insert(row->unit_left_out);
    for (const EvaluationRow* row : rows)
      if (all_units || units.size() <= 24 || row->unit_left_out == "all") table.row(cells(*row));
    out += table.print(terminal().colour);
    start = end;
  }
  return out;
}

/// Its card names the data set.
bool was_fitted_on(const EnergyModel& model, const std::string& dataset) {
  const Json card = Json::parse(model.card, nullptr, false);
  return card.is_object() && card.contains("rows") && card["rows"].contains(dataset);
}

void evaluate_dataset(const Options& options, const DataFiles& files) {
  const DatasetDescription description = require_dataset(files, options.dataset);
  const std::vector<Method> methods = chosen_methods(options.methods);
  const std::vector<Split> splits =
      options.energy_model.empty() ? chosen_splits(description, options.split) : std::vector<Split>{};
  ImportedRows rows = import_dataset(description, options.folder, files);
  const DataType dtype = options.dtype.empty() ? description.dtype : require_data_type(options.dtype);
  if (options.energy_model.empty()) std::erase_if(rows.measurements, [&](const Measurement& m) { return m.dtype != dtype; });
  if (!rows.refused.empty())
    write_remark(fmt::format("{} rows refused, first {}:{}: {}", rows.refused.size(), rows.refused[0].file, rows.refused[0].line,
                             rows.refused[0].reason));
  Evaluation evaluation;
  if (!options.energy_model.empty()) {
    const EnergyModel model = find_energy_model(files, options.energy_model, std::nullopt);
    if (was_fitted_on(model, description.id))
      write_remark(fmt::format("{} was fitted on rows of {}; only rows that it has not seen tell how well it does", model.id,
                               description.id));
    evaluation = evaluate(rows.measurements, model);
  } else {
    const Hardware hardware = parse_hardware(require_file(files, "hardware", description.hardware), description.hardware);
    const Engine engine = parse_engine(require_file(files, "engines", description.engine), description.engine);
    evaluation = evaluate(rows.measurements, splits, methods, hardware, engine,
                          [&](const std::string& split, const std::string& unit, std::string_view method, size_t count) {
                            if (!options.quiet)
                              write_remark(fmt::format("{}, {} left out: {} on {} rows", split, unit, method, count));
                          });
  }
  if (evaluation.rows.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} holds no rows that a split of {} can use", options.folder.string(), options.dataset));
  if (!options.page.empty())
    write_output(evaluation_page(evaluation, fmt::format("{}: {}", description.id, description.title)), options.page);
  if (!options.json) return write_output(as_tables(evaluation, options.all_units));
  Json list = Json::array();
  for (const EvaluationRow& row : evaluation.rows) list.push_back(as_json(row));
  write_output(Json{{"schema", 1}, {"rows", list}}.dump(1) + "\n");
}

}  // namespace

void add_evaluate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "evaluate", "Score methods on blocked splits of a public data set, or a finished energy model on rows it has not seen");
  verb->add_option("--dataset", options->dataset, "data set (getzner, jetson-nano-icas, ...)")->required();
  verb->add_option("--dir", options->folder, "folder with the data set's files")->required();
  verb->add_option("--method", options->methods, "methods to fit, comma-separated; all without it")->delimiter(',');
  verb->add_option("--dtype", options->dtype, "data type of the rows; the data set's habit without it");
  verb->add_option("--split", options->split, "one split by its name; the usual ones without it");
  verb->add_option("--energy-model", options->energy_model,
                   "score this energy model (HARDWARE/ENGINE/DTYPE or FILE.wlm) instead of fitting");
  verb->add_flag("--json", options->json, "print JSON rows (docs/formats/evaluation_v1.md)");
  verb->add_option("--html", options->page, "also write a page with tables and plots of predicted against measured energy");
  verb->add_flag("--all-units", options->all_units, "print every unit left out, also where they are many");
  verb->add_flag("--quiet", options->quiet, "no progress on standard error");
  verb->callback([options, &program] { evaluate_dataset(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
