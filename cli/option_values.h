#pragma once

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// Refuses, before the chosen verb runs: an option whose text is empty (an unset variable of a script would pass as an option
/// that was not given), an output that is also an input, and two outputs in one file. Throws CLI::ValidationError.
void require_sound_values(const CLI::App& app);

}  // namespace wattlayer::cli
