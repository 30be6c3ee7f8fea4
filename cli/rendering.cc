#include "cli/rendering.h"

#include <CLI/CLI.hpp>

#include "cli/program.h"

namespace wattlayer::cli {

const Format& RenderingOptions::format() const { return require_format(json ? "json" : csv ? "csv" : "table"); }

Rendering RenderingOptions::rendering() const {
  const Terminal t = terminal();
  return {.top = top, .all_layers = all_layers, .colour = t.colour && output.empty(), .columns = t.columns};
}

void add_rendering_options(CLI::App& verb, RenderingOptions& options, bool with_top) {
  CLI::Option* json = verb.add_flag("--json", options.json, "print JSON");
  verb.add_flag("--csv", options.csv, "print one line of CSV a layer")->excludes(json);
  verb.add_flag("--all-layers", options.all_layers, "print every layer");
  if (with_top)
    verb.add_option("--top", options.top, "how many of the dearest layers to print (10)")
        ->type_name("N")
        ->check(CLI::Range(0, 1'000'000).description(""));
  verb.add_option("-o,--output", options.output, "write to this file")->type_name("FILE");
}

}  // namespace wattlayer::cli
