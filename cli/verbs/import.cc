#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/store.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string source;
  std::filesystem::path folder, store;
  bool json = false, all = false;
};

ImportedRows read(const Options& options, const DataFiles& files) {
  if (options.source.ends_with(".csv") || options.source.ends_with(".csv.gz")) {
    CsvMeasurements rows = parse_csv(read_text_file(options.source), options.source);
    return {.measurements = std::move(rows.measurements), .refused = std::move(rows.refused), .files = {options.source}};
  }
  if (options.source.ends_with(".db")) {
    if (!std::filesystem::exists(options.source))
      throw Error(ErrorKind::io, fmt::format("cannot read {}: no such file", options.source));
    return {.measurements = Store(options.source).select(), .files = {options.source}};
  }
  const DatasetDescription description = require_dataset(files, options.source);
  if (options.folder.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("data set {} needs the folder of its files; add --dir FOLDER", options.source));
  return import_dataset(description, options.folder, files, {}, options.all ? RowsTaken::all : RowsTaken::by_habit);
}

std::string as_json(const ImportedRows& rows, const Store::Added& added) {
  nlohmann::ordered_json refused = nlohmann::ordered_json::array();
  for (const RefusedRow& row : rows.refused) refused.push_back({{"file", row.file}, {"line", row.line}, {"reason", row.reason}});
  return nlohmann::ordered_json{{"schema", 1},
                                {"files", rows.files},
                                {"added", added.added},
                                {"present", added.present},
                                {"replaced_failures", added.replaced},
                                {"differing", added.differing},
                                {"dropped", rows.dropped},
                                {"not_drawn", rows.not_drawn},
                                {"refused", refused}}
             .dump(2) +
         "\n";
}

std::string as_text(const ImportedRows& rows, const Store::Added& added) {
  std::map<std::string, size_t> kinds;
  for (const Measurement& m : rows.measurements) ++kinds[m.kind];
  std::string out = fmt::format("{} measurements added, {} were there already\n", added.added, added.present);
  if (added.replaced > 0) out += fmt::format("  {:>7}  of those were failures and now have a figure\n", added.replaced);
  if (added.differing > 0)
    out +=
        fmt::format("  {:>7}  of those have another figure in the source; the one that was there first stays\n", added.differing);
  for (const auto& [kind, count] : kinds) out += fmt::format("  {:>7}  {}\n", count, kind);
  for (const auto& [reason, count] : rows.dropped) out += fmt::format("  {:>7}  dropped: {}\n", count, reason);
  if (rows.not_drawn > 0) out += fmt::format("  {:>7}  take no part by habit; --all reads them too\n", rows.not_drawn);
  if (!rows.refused.empty()) out += fmt::format("  {:>7}  refused\n", rows.refused.size());
  return out;
}

void import(const Options& options, const DataFiles& files) {
  const ImportedRows rows = read(options, files);
  constexpr size_t shown = 20;
  for (size_t i = 0; i < rows.refused.size() && i < shown; ++i)
    write_remark(fmt::format("{}:{}: {}", rows.refused[i].file, rows.refused[i].line, rows.refused[i].reason));
  if (rows.refused.size() > shown)
    write_remark(fmt::format("and {} more rows refused; --json lists all", rows.refused.size() - shown));
  if (rows.measurements.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("{} gave no measurement; the store is unchanged", options.source));
  Store store(options.store);
  const Store::Added added = store.add(rows.measurements);
  if (options.source.ends_with(".db"))
    for (const Store::Description& d : Store(options.source).descriptions())
      if (!store.description(d.folder, d.id)) store.describe(d.folder, d.id, d.text);
  write_output(options.json ? as_json(rows, added) : as_text(rows, added));
}

}  // namespace

void add_import(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("import", "Read measurements of a public data set, a CSV file or another store into a store");
  verb->add_option("SOURCE", options->source, "data set (getzner, jetson-nano-icas, ...), FILE.csv or FILE.db")->required();
  verb->add_option("--dir", options->folder, "folder with the data set's files");
  verb->add_option("--db", options->store, "store to add to; made when it is not there")->required();
  verb->add_flag("--all", options->all, "also the rows of large tables that take no part by habit");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &program] { import(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
