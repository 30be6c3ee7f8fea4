#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// What two estimates have in common, from most to least.
enum class Relation { equal, other_batch, other_network, other_energy_model, nothing };
inline constexpr size_t relation_kinds = 5;

/// `equal`: one energy model and the same layers, so that errors cancel; `other_batch`: one energy model, one network;
/// `other_network`: one energy model; `other_energy_model`: the same network and batch elsewhere.
std::string_view name(Relation relation);

}  // namespace wattlayer
