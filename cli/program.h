#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/text_file.h"

namespace CLI {
class App;
}

/// The program's side of the border: what every verb shares. A verb is a file in cli/verbs that defines
/// `void add_NAME(CLI::App& app, const Program& program)`; CMake lists them.
namespace wattlayer::cli {

/// Options that stand before the verb.
struct Program {
  std::filesystem::path data_dir;
  std::vector<std::string> command;  ///< what stands after `--`, for `measure`
  std::string invocation;            ///< the whole command as a shell takes it, for pages that say how they were made

  DataFiles data_files() const { return DataFiles(data_dir); }
};

/// Writes a verb's whole result to standard output, or to a file. Verbs compute everything first, so an error leaves no half
/// output.
void write_output(std::string_view text, const std::filesystem::path& file = {});

/// Throws Error(io) when the file could not be written, so that nobody measures for an hour first. An empty name is no file.
void require_writable(const std::filesystem::path& file);

/// Writes a remark for the reader to standard error.
void write_remark(std::string_view text);

/// Width of the terminal and whether to colour: only where standard output is a terminal and NO_COLOR is unset.
struct Terminal {
  bool colour = false;
  int columns = 140;
};
Terminal terminal();

}  // namespace wattlayer::cli
