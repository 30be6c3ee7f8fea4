#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/store.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::filesystem::path store, output;
  Selection selection;
};

void export_rows(const Options& options) {
  if (!std::filesystem::exists(options.store))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: no such file", options.store.string()));
  const std::vector<Measurement> rows = Store(options.store).select(options.selection);
  write_output(print_csv(rows), options.output);
  if (!options.output.empty()) write_remark(fmt::format("{} measurements written to {}", rows.size(), options.output.string()));
}

}  // namespace

void add_export(CLI::App& app, const Program&) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("export", "Write measurements of a store as CSV (docs/formats/csv_v1.md)");
  verb->add_option("--db", options->store, "store to read")->required();
  verb->add_option("-o,--output", options->output, "file to write; standard output without it");
  verb->add_option("--dataset", options->selection.dataset, "only this data set");
  verb->add_option("--hardware", options->selection.hardware, "only this hardware");
  verb->add_option("--engine", options->selection.engine, "only this engine");
  verb->add_option("--kind", options->selection.kind, "only random-layer, real-layer or network");
  verb->callback([options] { export_rows(*options); });
}

}  // namespace wattlayer::cli
