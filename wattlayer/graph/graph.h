#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/layer.h"
#include "wattlayer/core/workload.h"

namespace wattlayer {

/// One executed operator. Bodies of If, Loop, Scan and local functions are expanded in place.
struct Node {
  std::string name;
  Layer layer;
  std::vector<int> inputs;   ///< value number of each input; -1 where absent
  std::vector<int> outputs;  ///< value number of each output; -1 where absent
  double count = 1;          ///< trip count of the loops around it
  bool folded = false;       ///< computed at load time: all its inputs are constant, or its outputs' values are known
  bool in_catalogue = true;
};

/// A network: nodes in execution order over numbered values, every shape a number where it can be known.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<std::string> values;  ///< name of each value
  std::vector<int> inputs;          ///< values that the user feeds
  std::vector<int> outputs;
  std::vector<int> carried;  ///< values that loops hand to their next iteration: needed, though no later node reads them
  int64_t batch = 1;
  std::vector<std::string> unresolved;  ///< names of nodes with an output of unknown shape
  std::vector<std::string> remarks;     ///< assumptions a reader should know (trip counts, bounds, rewritten constants)
};

/// How to read a network.
struct ImportOptions {
  std::map<std::string, Shape> inputs;        ///< `--input name=1x3x224x224`
  std::map<std::string, int64_t> dimensions;  ///< `--dim seq=128`: symbolic dimensions by name
  std::optional<int64_t> batch;               ///< leading dimension of every input; baked-in constants are rewritten
  int64_t trip_count = 1;                     ///< of Loop and Scan bodies whose count is not in the graph
};

/// Reads an ONNX file: names, shapes, types, attributes and the small integer constants shapes depend on; never weights.
/// Throws Error(io) when it cannot be read, Error(invalid_input) when it is not a valid network, Error(unsupported) for a batch
/// that cannot be set.
Graph read_onnx(const std::filesystem::path& file, const ImportOptions& options = {});

/// As above, from bytes in memory; used by the fuzzer.
Graph read_onnx(std::string_view bytes, const std::string& name, const ImportOptions& options = {});

/// The layers that an engine executes, equal ones counted once with all their names.
Workload lower(const Graph& graph, const Engine& engine);

/// The graph without the nodes that an engine computes at load time or prunes; what it runs in place is marked. Fusions are left
/// to the engine. This is what a runner executes.
Graph executed(const Graph& graph, const Engine& engine);

/// The same workload computed in another data type: tensors of reals take it, integers and booleans stay.
Workload with_dtype(Workload workload, DataType dtype);
Graph with_dtype(Graph graph, DataType dtype);

}  // namespace wattlayer
