#include "wattlayer/training/network_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/weights.h"

namespace wattlayer {
namespace {

constexpr double most_runs = 100'000;  // of a node: each has a working set of its own

/// What a node reads and writes besides weights.
struct NodeActivations {
  double read = 0, written = 0;  ///< bytes
  size_t inputs = 0;
  bool has_weights = false, same_size = false, known = true;
};

NodeActivations activations(const Node& node) {
  NodeActivations a;
  double elements_read = 0, elements_written = 0;
  std::set<int> seen;
  for (size_t i = 0; i < node.layer.inputs.size(); ++i) {
    const Tensor& t = node.layer.inputs[i];
    if (!t.present) continue;
    a.known = a.known && t.known;
    if (t.constant) a.has_weights = a.has_weights || is_weight(t);
    else if (i >= node.inputs.size() || seen.insert(node.inputs[i]).second)
      a.read += t.bytes(), elements_read += t.elements(), ++a.inputs;
  }
  for (const Tensor& t : node.layer.outputs) {
    if (!t.present) continue;
    a.known = a.known && t.known;
    a.written += t.bytes(), elements_written += t.elements();
  }
  a.same_size = elements_read == elements_written;
  return a;
}

}  // namespace

NetworkSets network_sets(const Graph& graph, std::optional<int64_t> samples) {
  NetworkSets sets;
  for (const OwnConstant& constant : own_constants(graph))
    if (is_weight(constant.tensor()))
      sets.parameters += constant.tensor().elements(), sets.parameter_bytes += constant.tensor().bytes();
  std::set<int> fed(graph.inputs.begin(), graph.inputs.end()), given(graph.outputs.begin(), graph.outputs.end()), counted;
  double largest = 0, held = 0, of_samples = 0;
  for (const Node& node : graph.nodes) {
    if (node.folded) continue;
    for (size_t i = 0; i < node.inputs.size() && i < node.layer.inputs.size(); ++i) {
      const Tensor& t = node.layer.inputs[i];
      if (fed.contains(node.inputs[i]) && counted.insert(node.inputs[i]).second) held += t.bytes(), of_samples += t.bytes();
    }
    for (size_t i = 0; i < node.outputs.size() && i < node.layer.outputs.size(); ++i)
      if (given.contains(node.outputs[i]) && node.layer.outputs[i].rank() <= 2) of_samples += node.layer.outputs[i].bytes();
    const NodeActivations a = activations(node);
    sets.unknown_shapes += !a.known;
    const bool rewrites = !a.has_weights && a.inputs == 1 && a.same_size;
    if (!a.known || rewrites || a.inputs == 0) continue;
    if (node.count > most_runs)
      throw Error(ErrorKind::invalid_input, fmt::format("{}: node {} runs {:g} times in a pass; expected at most {:g}",
                                                        graph.name, node.name, node.count, most_runs));
    for (double i = 0; i < node.count; ++i) sets.sizes.inter_layer.push_back({0, a.read + a.written});
    largest = std::max(largest, a.read + a.written);
    held += node.count * a.written;
  }
  if (sets.sizes.inter_layer.empty())
    throw Error(ErrorKind::invalid_input, graph.name + " has no layer of known shape that reads activations: nothing is trained");
  sets.sizes.forward = {sets.parameter_bytes, 0};
  sets.sizes.backward = {2 * sets.parameter_bytes, std::max(0.0, held - largest)};
  const auto batch = static_cast<double>(std::max<int64_t>(graph.batch, 1));
  if (samples) sets.sizes.samples = {0, static_cast<double>(*samples) * of_samples / batch};
  return sets;
}

}  // namespace wattlayer
