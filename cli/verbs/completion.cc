#include <CLI/CLI.hpp>
#include <memory>

#include "cli/completion.h"
#include "cli/program.h"

namespace wattlayer::cli {

void add_completion(CLI::App& app, const Program&) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Print the script that completes commands in a shell");
  verb->add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name("");
  verb->footer(
      "\nFor this shell:      eval \"$(wattlayer completion bash)\"\n"
      "For good, in bash:   wattlayer completion bash > ~/.local/share/bash-completion/completions/wattlayer\n"
      "For good, in zsh:    wattlayer completion zsh > DIR/_wattlayer, where DIR is in $fpath\n"
      "For good, in fish:   wattlayer completion fish > ~/.config/fish/completions/wattlayer.fish");
  verb->callback([shell] { write_output(completion_script(*shell)); });
}

}  // namespace wattlayer::cli
