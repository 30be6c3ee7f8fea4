#include <CLI/CLI.hpp>

#include "cli/completion.h"
#include "cli/program.h"

namespace wattlayer::cli {
namespace {

std::string text_of(const Candidates& found) {
  std::string text;
  for (const Candidate& c : found.words) {
    text += c.word + "\t";
    for (const char letter : c.description) text += letter == '\n' || letter == '\t' ? ' ' : letter;
    text += '\n';
  }
  static constexpr std::string_view paths[] = {":none", ":files", ":folders"};
  return text.append(paths[static_cast<size_t>(found.paths)]) + "\n";
}

}  // namespace

/// What the scripts of `completion` ask: `complete wattlayer estimate --on jet`. Of no use to people, so no help lists it.
void add_complete(CLI::App& app, const Program& program) {
  CLI::App* verb = app.add_subcommand("complete", "Print what completes the last word of a command line")->group("");
  verb->prefix_command();
  verb->callback([verb, &app, &program] {
    // CLI11 hands the rest out as it stood on the command line.
    const std::vector<std::string> words = verb->remaining();
    write_output(text_of(complete(app, words, program.data_files())));
  });
}

}  // namespace wattlayer::cli
