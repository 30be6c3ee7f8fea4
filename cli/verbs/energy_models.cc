#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string id;
  bool json = false;
};

/// File name of an energy model: the id with `--` for `/`.
std::string as_id(std::string file) {
  for (size_t at = 0; (at = file.find("--", at)) != file.npos; ++at) file.replace(at, 2, "/");
  return file;
}

void show(const Options&, const DataFiles& files) {
  TextTable table({{"ENERGY MODEL"}});
  for (const std::string& file : ids(files, "energy_models", ".wlm")) table.row({as_id(file)});
  write_output(table.print(terminal().colour));
}

}  // namespace

void add_energy_models(CLI::App& app, const Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("energy-models", "List the energy models, or show one with its card");
  verb->add_option("ID", options->id, "energy model to show; all are listed without it");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &program] { show(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
