#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "wattlayer/core/layer_hash.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/strides.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

using Names = std::unordered_set<std::string_view>;

Names set_of(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

/// Turns a graph into the layers that an engine executes; node numbers are those of the graph.
class Lowering {
 public:
  Lowering(const Graph& graph, const Engine& engine)
      : graph_(graph),
        engine_(engine),
        live_(graph.nodes.size()),
        producer_(graph.values.size(), -1),
        consumers_(graph.values.size()),
        needed_(graph.values.size()),
        given_(graph.values.size()),
        free_(graph.nodes.size()),
        head_(graph.nodes.size(), -1),
        tails_(graph.nodes.size()) {}

  Workload run();
  Graph executed();

 private:
  void find_live();
  void fuse();
  void count_consumers();
  void find_free();
  bool runs_before(const Node& node) const;
  int fusion_of(const Node& node) const;
  int head_for(int node, const Names& tails) const;
  bool runs_in_place(size_t node) const;
  Layer lowered(size_t node) const;

  const Graph& graph_;
  const Engine& engine_;
  std::vector<char> live_;
  std::vector<int> producer_;
  std::vector<int> consumers_;           ///< live nodes that read each value
  std::vector<char> needed_;             ///< outputs of the network, and what loops carry
  std::vector<char> given_;              ///< inputs of the network
  std::vector<char> free_;               ///< nodes that cost nothing
  std::unordered_map<int, int> copies_;  ///< views that move elements, and the node whose reordering they carry out
  std::vector<int> head_;                ///< node that runs this one inside itself; -1: none
  std::vector<std::vector<int>> tails_;
};

/// Nodes whose results reach an output; all that run when the engine does not prune.
void Lowering::find_live() {
  for (int value : graph_.outputs) needed_[static_cast<size_t>(value)] = 1;
  for (int value : graph_.carried) needed_[static_cast<size_t>(value)] = 1;
  for (int value : graph_.inputs) given_[static_cast<size_t>(value)] = 1;
  std::vector<char> read(graph_.values.size());
  for (size_t i = graph_.nodes.size(); i-- > 0;) {
    const Node& node = graph_.nodes[i];
    bool wanted = !engine_.prunes_dead;
    for (int value : node.outputs)
      if (value >= 0) {
        wanted = wanted || needed_[static_cast<size_t>(value)] || read[static_cast<size_t>(value)];
        producer_[static_cast<size_t>(value)] = static_cast<int>(i);
      }
    if (!wanted) continue;
    for (int value : node.inputs)
      if (value >= 0) read[static_cast<size_t>(value)] = 1;
    live_[i] = !runs_before(node) && node.count > 0;
  }
}

/// Constants and shape arithmetic never run as layers; work on weights (a position table through an MLP) does where the engine
/// does not fold it.
bool Lowering::runs_before(const Node& node) const {
  if (!node.folded || engine_.folds_constants) return node.folded;
  constexpr double most_shape_elements = 4096;
  return std::all_of(node.layer.outputs.begin(), node.layer.outputs.end(), [&](const Tensor& t) {
    return !t.present || node.layer.op == "Constant" || (!is_float(t.dtype) && t.elements() <= most_shape_elements);
  });
}

void Lowering::count_consumers() {
  for (size_t i = 0; i < graph_.nodes.size(); ++i)
    if (live_[i])
      for (int value : graph_.nodes[i].inputs)
        if (value >= 0) ++consumers_[static_cast<size_t>(value)];
}

/// Which listed operators are free: a view is, as long as its elements need not move. A Reshape behind a Transpose moves them,
/// and that work is the Transpose's.
void Lowering::find_free() {
  const Names listed = set_of(engine_.free);
  if (listed.empty()) return;
  struct View {
    Strides strides;
    int made_by = -1;  ///< node that left the elements out of order
  };
  std::unordered_map<int, View> views;  // values that are not contiguous
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (!live_[i] || !listed.contains(node.layer.op)) continue;
    free_[i] = 1;
    const Tensor& x = node.layer.input(0);
    if (!x.known || node.inputs.empty() || !node.layer.output(0).known) continue;
    const auto from = views.find(node.inputs[0]);
    const auto made = view(node.layer, from == views.end() ? contiguous(x.shape) : from->second.strides);
    if (!made && node.layer.op != "Shape" && node.layer.op != "Size") {
      free_[i] = 0;
      if (from != views.end()) copies_[static_cast<int>(i)] = from->second.made_by;
      continue;
    }
    for (size_t j = 0; made && j < node.outputs.size() && j < made->size(); ++j) {
      if (node.outputs[j] < 0 || (*made)[j] == contiguous(node.layer.output(j).shape)) continue;
      const bool inherits = from != views.end();
      views[node.outputs[j]] = {(*made)[j], inherits && from->second.made_by >= 0 ? from->second.made_by : static_cast<int>(i)};
    }
  }
}

int Lowering::fusion_of(const Node& node) const {
  for (size_t f = 0; f < engine_.fusions.size(); ++f) {
    const auto& heads = engine_.fusions[f].heads;
    if (std::find(heads.begin(), heads.end(), node.layer.op) != heads.end()) return static_cast<int>(f);
  }
  return -1;
}

void Lowering::fuse() {
  if (engine_.fusions.empty()) return;
  std::vector<Names> tails;
  for (const Fusion& fusion : engine_.fusions) tails.push_back(set_of(fusion.tails));
  std::vector<int> fusion(graph_.nodes.size(), -1);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (!live_[i] || free_[i]) continue;
    // The operand that is computed last takes the tail in: a residual Add runs inside the later Conv.
    int best = -1;
    for (int value : node.inputs) {
      if (value < 0 || consumers_[static_cast<size_t>(value)] != 1 || needed_[static_cast<size_t>(value)]) continue;
      int producer = producer_[static_cast<size_t>(value)];
      if (producer < 0 || !live_[static_cast<size_t>(producer)]) continue;
      if (head_[static_cast<size_t>(producer)] >= 0) {
        // Only the last tail's output leaves the head.
        if (tails_[static_cast<size_t>(head_[static_cast<size_t>(producer)])].back() != producer) continue;
        producer = head_[static_cast<size_t>(producer)];
      }
      const size_t head = static_cast<size_t>(producer);
      if (fusion[head] < 0 || graph_.nodes[head].count != node.count) continue;
      const Fusion& rule = engine_.fusions[static_cast<size_t>(fusion[head])];
      if (static_cast<int>(tails_[head].size()) >= rule.at_most ||
          !tails[static_cast<size_t>(fusion[head])].contains(node.layer.op))
        continue;
      if (node.layer.output(0).shape != graph_.nodes[head].layer.output(0).shape) continue;
      best = std::max(best, producer);
    }
    if (best >= 0) {
      head_[i] = best;
      tails_[static_cast<size_t>(best)].push_back(static_cast<int>(i));
    } else {
      fusion[i] = fusion_of(node);
    }
  }
}

bool Lowering::runs_in_place(size_t i) const {
  const Node& node = graph_.nodes[i];
  if (node.inputs.empty() || node.inputs[0] < 0) return false;
  if (std::find(engine_.in_place.begin(), engine_.in_place.end(), node.layer.op) == engine_.in_place.end()) return false;
  const Operator* op = find_operator(node.layer.op);
  const size_t value = static_cast<size_t>(node.inputs[0]);
  return op && op->can_run_in_place && consumers_[value] == 1 && !needed_[value] && !given_[value] &&
         !node.layer.inputs[0].constant;
}

/// The layer with its tails: it writes what the last tail writes and reads what the tails read besides.
Layer Lowering::lowered(size_t i) const {
  const auto copy = copies_.find(static_cast<int>(i));
  const Node& node = graph_.nodes[copy == copies_.end() ? i : static_cast<size_t>(copy->second)];
  Layer layer = node.layer;
  if (copy != copies_.end()) return layer;
  if (tails_[i].empty()) {
    layer.in_place = runs_in_place(i);
    return layer;
  }
  for (int tail : tails_[i]) layer.fused.push_back(graph_.nodes[static_cast<size_t>(tail)].layer.op);
  return layer;
}

Workload Lowering::run() {
  find_live();
  count_consumers();
  find_free();
  fuse();
  Workload workload;
  workload.name = graph_.name;
  workload.batch = graph_.batch;
  workload.is_network = true;
  std::unordered_multimap<size_t, size_t> items;
  items.reserve(graph_.nodes.size());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (!live_[i] || head_[i] >= 0 || free_[i]) continue;
    Layer layer = lowered(i);
    const size_t key = hash(layer);
    auto [begin, end] = items.equal_range(key);
    auto found = std::find_if(begin, end, [&](const auto& item) { return same(workload.items[item.second].layer, layer); });
    if (found == end) {
      found = items.emplace(key, workload.items.size());
      workload.items.push_back({std::move(layer), 0, {}});
    }
    WorkloadItem& item = workload.items[found->second];
    item.count += node.count;
    item.names.push_back(node.name);
  }
  return workload;
}

Graph Lowering::executed() {
  find_live();
  count_consumers();
  Graph result = graph_;
  result.nodes.clear();
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!live_[i]) continue;
    result.nodes.push_back(graph_.nodes[i]);
    result.nodes.back().layer.in_place = runs_in_place(i);
  }
  return result;
}

void set_dtype(Layer& layer, DataType dtype) {
  // Some types exist only in the arithmetic: tf32 reads and writes f32.
  const DataType stored = dtype == DataType::tf32 ? DataType::f32 : dtype;
  for (auto* tensors : {&layer.inputs, &layer.outputs})
    for (Tensor& t : *tensors)
      if (is_float(t.dtype)) t.dtype = stored;
  if (is_float(layer.dtype)) layer.dtype = dtype;
}

}  // namespace

Workload with_dtype(Workload workload, DataType dtype) {
  for (WorkloadItem& item : workload.items) set_dtype(item.layer, dtype);
  return workload;
}

Graph with_dtype(Graph graph, DataType dtype) {
  for (Node& node : graph.nodes) set_dtype(node.layer, dtype);
  return graph;
}

Graph executed(const Graph& graph, const Engine& engine) { return Lowering(graph, engine).executed(); }

Workload lower(const Graph& graph, const Engine& engine) { return Lowering(graph, engine).run(); }

}  // namespace wattlayer
