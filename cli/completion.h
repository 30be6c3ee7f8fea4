#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_files.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// A word that may stand where the cursor is.
struct Candidate {
  std::string word;
  std::string description;
};

/// What may follow, and whether names of files or folders may too.
struct Candidates {
  enum class Paths { none, files, folders };
  std::vector<Candidate> words;
  Paths paths = Paths::none;
};

/// What completes the last of these words of a command line (`wattlayer estimate --on jet`): verbs, options, ids, networks.
/// Never throws for words that make no sense: nothing completes them.
Candidates complete(const CLI::App& app, std::span<const std::string> words, const DataFiles& files);

/// The script that teaches a shell to ask `wattlayer complete`. Throws Error(invalid_input) that lists the known shells.
std::string_view completion_script(std::string_view shell);

}  // namespace wattlayer::cli
