#pragma once
#include <array>
#include <string_view>

#include "wattlayer/networks/builder.h"

namespace wattlayer {

/// Options of a classifier of one's own on a published network's last feature map, as transfer training puts it there:
/// `top=flatten` (else global average), `hidden=1024/512` widths of dense layers with ReLU, `norm=1` batch normalisation after
/// each, `classes`.
inline constexpr std::array<std::string_view, 4> classifier_options = {"classes", "hidden", "top", "norm"};

/// Pool or flatten, the dense layers, the last of `classes` outputs. Throws Error(invalid_input) for widths that are no numbers.
int classifier(GraphBuilder& b, int features, const NetworkSpec& spec);

}  // namespace wattlayer
