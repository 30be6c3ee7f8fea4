#include <CLI/CLI.hpp>

#include "cli/program.h"
#include "cli/training/all.h"

namespace wattlayer::cli {

void add_training(CLI::App& app, const Program& program) {
  CLI::App* verb = app.add_subcommand("training", "Energy of training: before it starts, while it runs, and how to spend less");
  verb->require_subcommand(1);
  for (auto add : all_training_verbs) add(*verb, program);
}

}  // namespace wattlayer::cli
