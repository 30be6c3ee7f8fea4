#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/workload.h"
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

/// A network as the user named it: an ONNX file, a text list of layers, or `net:NAME`.
class NetworkSource {
 public:
  /// Throws Error(io) when the file cannot be read.
  explicit NetworkSource(std::string argument);

  /// One layer in text form.
  static NetworkSource of_layer(const std::string& text);

  const std::string& argument() const { return argument_; }
  bool is_list() const { return list_.has_value(); }

  /// The graph; of a list of layers, nodes without edges. Throws Error(unsupported) for a batch that a list cannot take.
  Graph graph(const NetworkOptions& options, std::optional<int64_t> batch) const;

  /// What an engine executes; the layers of a list are taken as they stand.
  Workload workload(const Graph& graph, const Engine& engine) const;

 private:
  NetworkSource() = default;
  Graph generated(const NetworkOptions& options, std::optional<int64_t> batch) const;

  std::string argument_;
  std::optional<std::vector<Layer>> list_;
};

}  // namespace wattlayer::cli
