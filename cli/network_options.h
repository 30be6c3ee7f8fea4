#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/graph/graph.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// How the user wants networks to be read; shared by the verbs that take networks.
struct NetworkOptions {
  std::vector<std::string> inputs;      ///< `name=1x3x224x224`
  std::vector<std::string> dimensions;  ///< `seq=128`
  int64_t trip_count = 1;

  /// Throws CLI::ValidationError for a malformed entry.
  ImportOptions import_options(std::optional<int64_t> batch) const;
};

void add_network_options(CLI::App& verb, NetworkOptions& options);

}  // namespace wattlayer::cli
