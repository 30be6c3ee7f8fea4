#pragma once
#include <filesystem>
#include <string>

#include "wattlayer/report/format.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// How the user wants a report to look; shared by the verbs that print one.
struct RenderingOptions {
  bool json = false, csv = false, all_layers = false;
  size_t top = 10;
  bool top_given = false;
  std::filesystem::path output;

  const Format& format() const;
  Rendering rendering() const;
};

/// Adds --json, --csv, --all-layers, --output, and --top where a verb ranks layers.
void add_rendering_options(CLI::App& verb, RenderingOptions& options, bool with_top);

}  // namespace wattlayer::cli
