#include <CLI/CLI.hpp>
#include <memory>

#include "cli/mlp_estimate.h"

namespace wattlayer::cli {

void add_training_estimate(CLI::App& app, const Program& program) {
  auto options = std::make_shared<MlpEstimateOptions>();
  CLI::App* verb = app.add_subcommand("estimate", "Estimate the energy of training before it starts");
  verb->add_option("--mlp", options->mlp,
                   "a perceptron by BUTTER-E's law: \"features=784 widths=512,512,10 batch=256 samples=70000 epochs=3000\", or "
                   "outputs, shape, size and depth instead of widths")
      ->type_name("WORDS")
      ->required();
  verb->add_option("--on", options->on, "hardware that the law is known for: eagle-cpu, eagle-gpu")
      ->type_name("HARDWARE")
      ->required();
  verb->add_flag("--json", options->json, "print JSON");
  verb->add_option("--output,-o", options->output, "write to this file")->type_name("FILE");
  verb->callback([options, &program] { estimate_mlp(*options, program.data_files()); });
}

}  // namespace wattlayer::cli
