#include <CLI/CLI.hpp>
#include <memory>

#include "cli/network_options.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/report/inspection.h"

namespace wattlayer::cli {
namespace {

struct Options {
  std::string network;
  std::optional<int64_t> batch;
  NetworkOptions reading;
  RenderingOptions rendering;
};

void show(const Options& options) {
  const NetworkSource source(options.network);
  Inspection inspection = inspect(source.graph(options.reading.import_options(options.batch)));
  inspection.file = source.argument();
  write_output(options.rendering.format().inspection(inspection, options.rendering.rendering()), options.rendering.output);
}

}  // namespace

void add_inspect(CLI::App& app, const Program&) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("inspect", "Show what a network consists of: operators, MACs, parameters, unknown shapes");
  verb->add_option("NETWORK", options->network, "ONNX file, text list of layers or net:NAME")->type_name("")->required();
  verb->add_option("--batch", options->batch, "batch size; the network's own without it")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31).description(""));
  add_network_options(*verb, options->reading);
  add_rendering_options(*verb, options->rendering, false);
  verb->callback([options] { show(*options); });
}

}  // namespace wattlayer::cli
