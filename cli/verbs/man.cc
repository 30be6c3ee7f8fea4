#include <CLI/CLI.hpp>

#include "cli/man_page.h"
#include "cli/program.h"
#include "cli/version.h"

namespace wattlayer::cli {

void add_man(CLI::App& app, const Program&) {
  CLI::App* verb = app.add_subcommand("man", "Print the manual page; read it with: wattlayer man | man -l -");
  verb->callback([&app] { write_output(man_page(app, WATTLAYER_VERSION)); });
}

}  // namespace wattlayer::cli
