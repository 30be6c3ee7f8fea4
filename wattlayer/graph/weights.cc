#include "wattlayer/graph/weights.h"

#include <unordered_set>

namespace wattlayer {

std::vector<OwnConstant> own_constants(const Graph& graph) {
  std::unordered_set<int> seen;
  for (const Node& node : graph.nodes) seen.insert(node.outputs.begin(), node.outputs.end());
  std::vector<OwnConstant> constants;
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size() && i < node.layer.inputs.size(); ++i)
      if (const Tensor& t = node.layer.inputs[i];
          t.present && t.constant && node.inputs[i] >= 0 && seen.insert(node.inputs[i]).second)
        constants.push_back({node.inputs[i], &node, i});
  return constants;
}

bool is_weight(const Tensor& t) { return t.present && t.known && t.constant && is_float(t.dtype) && !t.value; }

bool is_running_statistic(const Node& node, size_t input) { return node.layer.op == "BatchNormalization" && input >= 3; }

}  // namespace wattlayer
