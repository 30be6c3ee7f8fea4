#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/progress_line.h"
#include "cli/stop_signal.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string name, dataset;
  std::filesystem::path folder;
  std::vector<std::string> methods;
  unsigned draws = 20;
  bool json = false, quiet = false;
};

void list_analyses(bool json) {
  Json list = Json::array();
  TextTable table({{"ANALYSIS"}, {"WHAT IT TELLS"}});
  for (const Analysis& analysis : analyses()) {
    list.push_back({{"name", analysis.name}, {"summary", analysis.summary}});
    table.row({std::string(analysis.name), std::string(analysis.summary)});
  }
  if (json) return write_output(Json{{"schema", 1}, {"analyses", list}}.dump(1) + "\n");
  write_output(table.print(terminal().colour) + "\nwattlayer analyse NAME --dataset ID --dir FOLDER\n");
}

std::string number_text(double value, Notation notation) {
  switch (notation) {
    case Notation::count:
      return fmt::format("{:.0f}", value);
    case Notation::ratio:
      return fmt::format("{:.4f}", value);
    case Notation::scientific:
      return fmt::format("{:.3e}", value);
    case Notation::per_cent:
      return fmt::format("{:.{}f}", value, std::abs(value) < 99.95 ? 1 : 0);
    case Notation::joules:
      return quantity(value, "J");
    case Notation::seconds:
      return quantity(value, "s");
  }
  return {};
}

std::string text(const Cell& cell, Notation notation) {
  if (const std::string* words = std::get_if<std::string>(&cell)) return printable(*words);
  const double* value = std::get_if<double>(&cell);
  return value && std::isfinite(*value) ? number_text(*value, notation) : "–";
}

bool holds_text(const AnalysisTable& table, size_t column) {
  for (const auto& row : table.rows)
    if (std::holds_alternative<std::string>(row.at(column))) return true;
  return false;
}

std::string as_text(const AnalysisResult& result) {
  std::string out;
  for (const AnalysisTable& table : result.tables) {
    std::vector<TextTable::Column> columns;
    for (size_t i = 0; i < table.columns.size(); ++i)
      columns.push_back({table.columns[i].header, holds_text(table, i) ? Align::left : Align::right});
    TextTable printed(std::move(columns));
    for (const auto& row : table.rows) {
      std::vector<std::string> cells;
      for (size_t i = 0; i < table.columns.size(); ++i) cells.push_back(text(row.at(i), table.columns[i].notation));
      printed.row(std::move(cells));
    }
    out += fmt::format("{}{}\n\n{}", out.empty() ? "" : "\n", table.title, printed.print(terminal().colour));
  }
  for (const std::string& remark : result.remarks) out += "\n" + wrapped(remark, static_cast<size_t>(terminal().columns));
  return out;
}

Json as_json(const Cell& cell) {
  if (const std::string* words = std::get_if<std::string>(&cell)) return *words;
  const double* value = std::get_if<double>(&cell);
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

std::string as_json(const AnalysisResult& result, const Options& options) {
  Json tables = Json::array();
  for (const AnalysisTable& table : result.tables) {
    Json rows = Json::array();
    for (const auto& cells : table.rows) {
      Json row;
      for (size_t i = 0; i < table.columns.size(); ++i) row[table.columns[i].field] = as_json(cells.at(i));
      rows.push_back(std::move(row));
    }
    tables.push_back({{"title", table.title}, {"rows", std::move(rows)}});
  }
  return Json{{"schema", 1},
              {"analysis", options.name},
              {"dataset", options.dataset},
              {"tables", std::move(tables)},
              {"remarks", result.remarks}}
             .dump(1) +
         "\n";
}

std::vector<Method> chosen_methods(const std::vector<std::string>& names) {
  std::vector<Method> chosen;
  for (const std::string& name : names) chosen.push_back(require_method(name));
  return names.empty() ? methods() : chosen;
}

void analyse(const Options& options, const DataFiles& files) {
  if (options.name.empty()) return list_analyses(options.json);
  const Analysis analysis = require_analysis(options.name);
  const std::vector<Method> methods = chosen_methods(options.methods);
  if (options.dataset.empty() || options.folder.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("analysis {} needs measured rows; add --dataset ID --dir FOLDER (getzner, ...)", analysis.name));
  const DatasetDescription description = require_dataset(files, options.dataset);
  const ImportedRows rows = import_dataset(description, options.folder, files);
  if (!rows.refused.empty())
    write_remark(fmt::format("{} rows refused, first {}:{}: {}", rows.refused.size(), rows.refused[0].file, rows.refused[0].line,
                             rows.refused[0].reason));
  std::vector<Split> splits;
  for (const Split& split : description.splits)
    if (split.habitual) splits.push_back(split);
  std::vector<uint32_t> seeds;
  for (unsigned seed = 0; seed < options.draws; ++seed) seeds.push_back(seed);
  const Catalogue catalogue(files);
  AnalysisResult result;
  {
    const StopSignal stop;
    ProgressLine line;
    result = analysis.run({rows.measurements, splits, methods, catalogue, seeds, [&](double done, std::string_view what) {
                             if (!options.quiet) line.show(done, what);
                             return !StopSignal::came();
                           }});
  }
  write_output(options.json ? as_json(result, options) : as_text(result));
}

}  // namespace

void add_analyse(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "analyse", "Repeat an analysis of a publication on measured rows, beside its published figures; alone: list them");
  verb->add_option("NAME", options->name, "analysis (feature-sets, ablation, layer-sum, ...)");
  verb->add_option("--dataset", options->dataset, "data set (getzner, jetson-nano-icas, ...)");
  verb->add_option("--dir", options->folder, "folder with the data set's files");
  verb->add_option("--method", options->methods, "methods to compare, comma-separated; all without it")->delimiter(',');
  verb->add_option("--draws", options->draws, "further draws of training and test rows that tell the spread")
      ->check(CLI::Range(0, 1000));
  verb->add_flag("--json", options->json, "print JSON (docs/seeds.md)");
  verb->add_flag("--quiet", options->quiet, "no progress on standard error");
  verb->callback([options, &program] { analyse(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
