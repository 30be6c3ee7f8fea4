#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// Which network and how large: `vgg16?batch=4&size=224`.
struct NetworkSpec {
  std::string name;
  int64_t batch = 1;
  std::optional<int64_t> size;  ///< height and width of the input; a family has its own habit
};

/// Networks that one file of networks/families generates.
struct NetworkFamily {
  std::vector<std::string_view> names;  ///< as listed to users; a pattern such as `mlp_{inputs}_..` where there is no end of them
  std::string_view summary;             ///< one line with the source of the definition
  /// The network; nothing when the name is not one of the family's. Throws Error(invalid_input) for impossible numbers.
  std::optional<Graph> (*build)(const NetworkSpec& spec);
};

/// All families, in the order of their files.
std::vector<NetworkFamily> network_families();

/// A generated network. Case, `-`, `_` and `.` in names do not matter. Throws Error(invalid_input) that lists the known names.
Graph network(std::string_view spec);

/// The two names are the same but for case, `-`, `_` and `.`.
bool same_network_name(std::string_view a, std::string_view b);

/// Elements of all weights of a network, each counted once.
double parameters(const Graph& graph);

}  // namespace wattlayer
