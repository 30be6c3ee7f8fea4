#include "wattlayer/graph/training_memory.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "wattlayer/graph/step_graph.h"
#include "wattlayer/graph/weights.h"

namespace wattlayer {
namespace {

size_t at(int value) { return static_cast<size_t>(value); }

/// Which tensors share memory, how large each piece is and when it is used.
class Lifetimes {
 public:
  Lifetimes(const Graph& graph, const Engine& engine)
      : root_(graph.values.size()), free_(engine.free.begin(), engine.free.end()) {
    std::iota(root_.begin(), root_.end(), 0);
    bytes_.assign(graph.values.size(), 0);
    born_.assign(graph.values.size(), never), dead_.assign(graph.values.size(), -1);
    for (int value : graph.inputs) born_[at(value)] = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) add(graph.nodes[i], static_cast<int>(i));
    for (int value : graph.outputs) use(value, static_cast<int>(graph.nodes.size()));
  }

  /// Leaves out what is counted elsewhere.
  void leave_out(int value) { bytes_[at(root(value))] = 0; }
  double bytes(int value) const { return bytes_[at(root(value))]; }

  double largest_sum(size_t nodes) const {
    std::vector<double> change(nodes + 2, 0);
    for (size_t v = 0; v < bytes_.size(); ++v) {
      if (root_[v] != static_cast<int>(v) || born_[v] == never || dead_[v] < born_[v]) continue;
      change[at(born_[v])] += bytes_[v];
      change[at(dead_[v]) + 1] -= bytes_[v];
    }
    double sum = 0, largest = 0;
    for (double c : change) largest = std::max(largest, sum += c);
    return largest;
  }

 private:
  static constexpr int never = -1;

  int root(int value) const {
    while (root_[at(value)] != value) value = root_[at(value)];
    return value;
  }

  void use(int value, int when) {
    int& dead = dead_[at(root(value))];
    dead = std::max(dead, when);
  }

  void add(const Node& node, int when) {
    const Layer& layer = node.layer;
    const bool shares = layer.in_place || (free_.contains(layer.op) && layer.attributes.integer("training_mode", 0) == 0);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int value = node.inputs[i];
      if (value < 0) continue;
      if (!layer.inputs[i].constant) bytes_[at(root(value))] = std::max(bytes_[at(root(value))], layer.inputs[i].bytes());
      use(value, when);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const int value = node.outputs[i];
      if (value < 0) continue;
      if (shares && !node.inputs.empty() && node.inputs[0] >= 0) root_[at(value)] = root(node.inputs[0]);
      else bytes_[at(value)] = layer.outputs[i].bytes(), born_[at(value)] = when;
      use(value, when);
    }
  }

  std::vector<int> root_;
  std::vector<double> bytes_;
  std::vector<int> born_, dead_;
  std::set<std::string, std::less<>> free_;
};

/// Two parameters may share one gradient; each has states of its own.
double trained_bytes(const BuiltStep& step) {
  std::set<int> left;
  for (const TrainedParameter& p : step.parameters) left.insert(p.value);
  double bytes = 0;
  for (const Node& node : step.graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (left.erase(node.inputs[i]) > 0) bytes += node.layer.inputs[i].bytes();
  return bytes;
}

}  // namespace

TrainingMemory training_memory(const Graph& network, const Engine& engine, const TrainingStep& how) {
  TrainingStep without = how;
  without.optimizer = Optimizer::none;  // its tensors are the parameters, their gradients and its states
  const BuiltStep step = build_step(network, without);
  const Graph passes = executed(step.graph, engine);
  TrainingMemory memory;
  for (const OwnConstant& constant : own_constants(network))
    if (is_weight(constant.tensor())) memory.parameters += constant.tensor().bytes();
  Lifetimes lifetimes(passes, engine);
  for (const TrainedParameter& p : step.parameters) {
    memory.gradients += lifetimes.bytes(p.gradient);
    lifetimes.leave_out(p.gradient);
  }
  memory.states = states(how.optimizer) * trained_bytes(step);
  memory.activations = lifetimes.largest_sum(passes.nodes.size());
  return memory;
}

}  // namespace wattlayer
