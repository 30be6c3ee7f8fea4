#pragma once
#include <array>
#include <span>
#include <string_view>

#include "wattlayer/features/features.h"

namespace wattlayer {

/// What boosted trees see of a layer: its coordinates, sizes derived from them, how it fills the device, what the law says.
inline constexpr size_t tree_input_kinds = 63;
using TreeInputs = std::array<float, tree_input_kinds>;

/// Names, as energy models store them; their order is that of TreeInputs.
std::span<const std::string_view> tree_input_names();

/// `time_s` and `power_w` are what the law makes of the layer, residuals of ridge kind included.
TreeInputs tree_inputs(const Features& features, double time_s, double power_w);

}  // namespace wattlayer
