#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/workload.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// A network as the user named it: an ONNX file, a text list of layers, or `net:NAME`.
class NetworkSource {
 public:
  /// Throws Error(io) when the file cannot be read.
  explicit NetworkSource(std::string argument);

  /// One layer in text form.
  static NetworkSource of_layer(const std::string& text);

  const std::string& argument() const { return argument_; }
  bool is_list() const { return list_.has_value(); }

  /// The graph; of a list of layers, nodes without edges. Throws Error(unsupported) for a batch that a list cannot take, and for
  /// shapes that a generated network has in its name.
  Graph graph(const ImportOptions& options = {}) const;

  /// What an engine executes; the layers of a list are taken as they stand.
  Workload workload(const Graph& graph, const Engine& engine) const;

 private:
  NetworkSource() = default;
  Graph generated(const ImportOptions& options) const;

  std::string argument_;
  std::optional<std::vector<Layer>> list_;
};

}  // namespace wattlayer
