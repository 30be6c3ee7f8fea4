#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/workload.h"

namespace wattlayer {

/// Items of a workload as text, one a line: `COUNT LAYER`, then after a tab each the names of its nodes.
std::string print_items(const Workload& workload);

/// Reads what print_items writes; a line may also be a bare layer (count 1). Throws Error(invalid_input) with the line's number.
std::vector<WorkloadItem> parse_items(std::string_view text);

}  // namespace wattlayer
