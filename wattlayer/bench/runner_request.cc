#include "wattlayer/bench/runner_request.h"

#include <nlohmann/json.hpp>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {

std::string prepare_request(const Task& task, const Preparation& preparation) {
  nlohmann::json nodes = nlohmann::json::array();
  for (const Node& node : task.graph.nodes)
    nodes.push_back({{"layer", print(node.layer)}, {"op", node.layer.op}, {"count", node.count}});
  return nlohmann::json{{"name", task.workload.name},
                        {"device", preparation.device},
                        {"dtype", name(preparation.dtype)},
                        {"warm_cache", preparation.warm_cache},
                        {"seed", preparation.seed},
                        {"threads", preparation.threads},
                        {"nodes", nodes}}
      .dump();
}

}  // namespace wattlayer
