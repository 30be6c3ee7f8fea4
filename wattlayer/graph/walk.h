#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/onnx_model.h"
#include "wattlayer/graph/rebatch.h"
#include "wattlayer/graph/shape_inference.h"
#include "wattlayer/graph/symbols.h"

namespace wattlayer {

/// Beyond these a file is not a network but an attack or an accident.
inline constexpr int deepest_expansion = 64;
inline constexpr size_t most_expanded_nodes = 200'000;
inline constexpr double most_elements = 1e15;
inline constexpr size_t most_elements_of_sequence = 4096;
inline constexpr double most_unrolled_nodes = 20'000;

/// Throws Error(invalid_input) for a tensor of negative dimensions, or of more elements than any machine holds.
void check_size(const Tensor& tensor);

/// Names visible at a place of the file: those of the graph itself, then those around it.
struct Scope {
  const Scope* around = nullptr;
  std::unordered_map<std::string_view, int> values;

  std::optional<int> find(std::string_view name) const {
    for (const Scope* scope = this; scope; scope = scope->around)
      if (auto at = scope->values.find(name); at != scope->values.end()) return at->second;
    return std::nullopt;
  }
};

/// Where the walk stands: what a node's meaning depends on besides its inputs.
struct Place {
  const std::map<std::string_view, int64_t>* opsets;
  const std::vector<onnx::NodeAttribute>* arguments = nullptr;  ///< attributes of the function call around, if any
  const onnx::Function* function = nullptr;
  std::string prefix;  ///< of node names
  double count = 1;
  int depth = 0;
};

/// One walk through a network: shape_inference.cc runs the nodes, expansion.cc functions and If, loops.cc Loop and Scan,
/// sequences.cc follows what sequences hold.
class Walk {
 public:
  Walk(const onnx::Model& model, const BoundInputs& inputs, const ImportOptions& options, Rebatch* rebatch)
      : model_(model), inputs_(inputs), options_(options), rebatch_(rebatch) {
    for (const onnx::Function& f : model.functions) functions_.emplace(function_key(f.domain, f.name, f.overload), &f);
  }

  InferredGraph run();

 private:
  static std::string function_key(std::string_view domain, std::string_view name, std::string_view overload) {
    return std::string(domain).append(":").append(name).append(":").append(overload);
  }

  int add_value(std::string_view name, Tensor tensor, bool inferred = false);
  void define(Scope& scope, std::string_view name, int value);
  void declare(const onnx::Graph& graph);
  void walk_body(const std::vector<onnx::Node>& nodes, Scope& scope, const Place& place);
  void walk_node(const onnx::Node& source, Scope& scope, const Place& place);
  void execute(const onnx::Node& source, Scope& scope, const Place& place, const std::string& op);
  Layer build_layer(const onnx::Node& source, const Place& place, const std::string& op, Node& node);
  void set_attributes(Layer& layer, const onnx::Node& source, const Place& place) const;
  void infer_outputs(const onnx::Node& source, const Place& place, Node& node);
  void keep_outputs(const onnx::Node& source, Scope& scope, Node& node);
  void expand_function(const onnx::Function& function, const onnx::Node& call, Scope& scope, const Place& place);
  void expand_if(const onnx::Node& source, Scope& scope, const Place& place);
  void expand_loop(const onnx::Node& source, Scope& scope, const Place& place);
  void expand_scan(const onnx::Node& source, Scope& scope, const Place& place);
  std::vector<int> walk_graph(const onnx::Graph& graph, Scope& scope, const Place& place);
  void finish_loop(const onnx::Node& source, size_t states, const std::vector<int>& outputs, double trips,
                   const std::vector<int64_t>& axes, Scope& scope, const Place& inside);
  void stack(std::string_view name, int value, double trips, int64_t axis, Scope& scope, const Place& place);
  int carry(int initial, std::string_view name);
  std::pair<double, bool> trip_count(const onnx::Node& source, const Scope& scope, const onnx::Graph& body) const;
  const onnx::Graph& body(const onnx::Node& source, std::string_view name, const Place& place) const;
  const onnx::NodeAttribute* resolve(const onnx::NodeAttribute& written, const Place& place) const;
  std::vector<onnx::NodeAttribute> bound_arguments(const onnx::Node& call, const Place& place) const;
  double price(size_t from) const;
  int input_value(const onnx::Node& source, size_t i, const Scope& scope) const;
  bool is_tolerable(const Layer& layer, const Error& error) const;
  int64_t opset(const Place& place, std::string_view domain) const;
  std::string node_name(const onnx::Node& source, const Place& place) const;
  void remark(std::string text);
  bool walk_sequence(const onnx::Node& source, Scope& scope);
  void keep_sequence(const onnx::Node& source, Scope& scope);
  void split_sequence(const onnx::Node& source, int input, int sizes, int output);
  void join_sequence(const onnx::Node& source, const std::vector<int>& elements, int output);
  bool unroll_loop(const onnx::Node& source, const onnx::Graph& graph, double trips, Scope& scope, const Place& inside);

  const onnx::Model& model_;
  const BoundInputs& inputs_;
  const ImportOptions& options_;
  Rebatch* rebatch_;
  InferredGraph result_;
  size_t expanded_nodes_ = 0;
  std::unordered_map<int, std::vector<int>> sequences_;  ///< values in each sequence of known length
  std::unordered_map<std::string, const onnx::Function*> functions_;
  std::unordered_map<std::string_view, const onnx::ValueInfo*> declared_;
};

}  // namespace wattlayer
