#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/graph/graph.h"

namespace wattlayer {

struct SketchPad;

/// Which network and how large: `vgg16?batch=4&size=224`; options are joined by `&` or `,`.
struct NetworkSpec {
  std::string name;
  int64_t batch = 1;
  std::optional<int64_t> size;                              ///< height and width of the input; a family has its own habit
  std::map<std::string, std::string, std::less<>> options;  ///< what else is given: `width`, `sequence`, `cell`, ...
  SketchPad* pad = nullptr;                                 ///< where given, builders draw there and return a Graph without nodes

  /// An option, or its habit. Throw Error(invalid_input) naming the option when its text is not a number.
  int64_t integer(std::string_view name, int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  /// `1` or `0`. Throws Error(invalid_input) for anything else.
  bool flag(std::string_view name, bool otherwise = false) const;
  std::string_view text(std::string_view name, std::string_view otherwise) const;
};

/// Networks that one file of networks/families generates.
struct NetworkFamily {
  std::vector<std::string_view> names;  ///< as listed to users; a pattern such as `mlp_{inputs}_..` where there is no end of them
  std::string_view summary;             ///< one line with the source of the definition
  std::vector<std::string_view> options = {};  ///< that it knows besides batch and size; others are refused
  /// The network; nothing when the name is not one of the family's. Throws Error(invalid_input) for impossible numbers.
  std::optional<Graph> (*build)(const NetworkSpec& spec);
};

/// All families, in the order of their files.
const std::vector<NetworkFamily>& network_families();

/// A generated network. Case, `-`, `_` and `.` in names do not matter. Throws Error(invalid_input) that lists the known names.
Graph network(std::string_view spec);

/// The same as a sketch on the pad, over the layers of all networks sketched there before; much faster where they share layers.
/// Returns the network's name.
std::string sketch_network(std::string_view spec, SketchPad& pad);

/// The two names are the same but for case, `-`, `_` and `.`.
bool same_network_name(std::string_view a, std::string_view b);

/// Elements of all weights of a network, each counted once.
double parameters(const Graph& graph);

/// Of those that training changes: all but the running statistics of batch normalisation.
double trainable_parameters(const Graph& graph);

}  // namespace wattlayer
