#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// A layer and how often it runs in one pass.
struct WorkloadItem {
  Layer layer;
  double count = 1;
  std::vector<std::string> names;  ///< of the nodes it stands for; may be empty
};

/// A list of layers with counts, plus a name: whatever is measured or estimated. A single layer is a workload of one.
struct Workload {
  std::string name;
  std::vector<WorkloadItem> items;
  int64_t batch = 1;
  bool is_network = false;  ///< a whole network, as opposed to single layers
};

}  // namespace wattlayer
